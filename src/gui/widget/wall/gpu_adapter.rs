//! What draws: a graphics card, or the processor itself (a software rasteriser such as lavapipe).
//!
//! Invariant: asked once, before the window opens; the answer is a fact of the machine and never changes
//! (but see [`draw_as_on_a_card`]).
//! Deliberately absent: choosing an adapter; iced does, and takes a graphics card wherever there is one.

use iced::wgpu;
use std::sync::OnceLock;
use std::time::Duration;

static SOFTWARE: OnceLock<bool> = OnceLock::new();

/// Whether every adapter of this machine is a software rasteriser. The first call asks the drivers (tens of
/// milliseconds).
pub fn is_software() -> bool {
    *SOFTWARE.get_or_init(|| {
        let instance = wgpu::Instance::new(&wgpu::InstanceDescriptor {
            backends: backends(),
            ..Default::default()
        });
        let adapters = instance.enumerate_adapters(backends());
        adapters
            .iter()
            .all(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu)
    })
}

/// From here on the wall is drawn as a graphics card draws it, on a software rasteriser too: for whoever looks at that way of
/// drawing beside any window. In vain once [`is_software`] was asked.
pub fn draw_as_on_a_card() {
    SOFTWARE.get_or_init(|| false);
}

/// The drivers that are asked: those that `WGPU_BACKEND` names, or all.
pub fn backends() -> wgpu::Backends {
    wgpu::Backends::from_env().unwrap_or_default()
}

/// Time from one drawing of the wall to the next while pictures come in. A graphics card draws at half the life of a
/// picture at 25 a second, so that none is missed when it comes a little early or late. A processor that also decodes
/// draws at the cameras' own rate: drawing twice as often cost half a core more at 16 tiles and showed 4 % more pictures.
pub fn beat() -> Duration {
    Duration::from_millis(if is_software() { 40 } else { 20 })
}
