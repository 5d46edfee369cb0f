#!/usr/bin/env bash
# Remote desktops: a winit window takes one notch of the wheel for two when it comes through XTEST.
#
# Versions: crate winit 0.30.13 (the one under iced 0.14); Xvfb 21.1.7 and xdotool 3.20160805.1 of Debian 12.
# Expected: one notch is one wheel event, whoever turns the wheel. With a wheel on the table it is so.
# Seen: whoever serves a desktop to another one (x11vnc, x0vncserver, RDP servers, tests with xdotool) plays a notch by XTEST as press and
#   release of button 4. winit makes a wheel event of LineDelta(0, 1) of the press and another of the release.
#     notches by xdotool     wheel events     lines
#     1                      2                2
#     3                      6                6
# Why it matters: who steers a camera over a remote desktop zooms twice as far with each notch as at the desk, and a step that was
#   to stop at a limit stops at the next one. A test with synthetic hands measures steps that nobody at the desk ever makes.
# What to do: count notches of such tests by two; where the wheel moves something, give a key that moves it by one step too.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
for package in xvfb xdotool; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
mkdir "$work/src"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "wheel"
version = "0.1.0"
edition = "2021"

[dependencies]
winit = { version = "=0.30.13", default-features = false, features = ["x11", "rwh_06"] }
TOML
cat >"$work/src/main.rs" <<'RUST'
use std::io::Write as _;
use winit::application::ApplicationHandler;
use winit::event::{ElementState, MouseButton, MouseScrollDelta, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop};
use winit::window::{Window, WindowId};

/// Counts wheel events until the left button goes down.
#[derive(Default)]
struct Wheel {
    window: Option<Window>,
    events: usize,
    lines: f32,
}

impl ApplicationHandler for Wheel {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        self.window = Some(event_loop.create_window(Window::default_attributes()).expect("window"));
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        match event {
            WindowEvent::CursorMoved { .. } => {
                println!("ready");
                std::io::stdout().flush().expect("output");
            }
            WindowEvent::MouseWheel { delta: MouseScrollDelta::LineDelta(_, lines), .. } => {
                self.events += 1;
                self.lines += lines;
            }
            WindowEvent::MouseInput { state: ElementState::Pressed, button: MouseButton::Left, .. } => {
                println!("{} events, {} lines", self.events, self.lines);
                event_loop.exit();
            }
            _ => {}
        }
    }
}

fn main() {
    EventLoop::new().expect("display").run_app(&mut Wheel::default()).expect("loop");
}
RUST
CARGO_TARGET_DIR=$work/target cargo build -q --manifest-path "$work/Cargo.toml"
Xvfb -displayfd 3 -screen 0 900x700x24 -nolisten tcp 3>"$work/display" >"$work/xvfb" 2>&1 &
server=$!
for _ in $(seq 200); do [ -s "$work/display" ] && break; sleep 0.05; done
DISPLAY=:$(tr -d '[:space:]' <"$work/display")
export DISPLAY

for notches in 1 3; do
  timeout 60 "$work/target/debug/wheel" >"$work/said" &
  window=$!
  for turn in $(seq 400); do
    grep -q ready "$work/said" && break
    xdotool mousemove $((100 + turn % 2)) 100
    sleep 0.05
  done
  xdotool click --repeat "$notches" 4
  xdotool click 1
  wait "$window"
  said=$(grep events "$work/said")
  echo "$notches: $said"
  [ "$said" = "$((2 * notches)) events, $((2 * notches)) lines" ]
done
echo "As described: two wheel events a notch."
