//! `vedetta-sim`: the simulated town as a program. Reads arguments, prints the ready line, ends on SIGTERM or SIGINT.

use clap::Parser;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use vedetta::domain::camera::CameraId;
use vedetta::sim::film;
use vedetta::sim::makes::{MAKES, Make};
use vedetta::sim::run::{Options, Simulator};
use vedetta::sim::site_files::SchoolDay;

/// Cameras of a simulated town, over RTSP and ONVIF on 127.0.0.1.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Cameras in all
    #[arg(long, default_value_t = 16)]
    cameras: u32,
    /// How many of them are speed domes (the last ones)
    #[arg(long, default_value_t = 4)]
    domes: u32,
    /// What the town is made from
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Write site.toml and cameras.toml into this directory
    #[arg(long)]
    plan: Option<PathBuf>,
    /// Keep encoded clips here between runs
    #[arg(long)]
    cache: Option<PathBuf>,
    /// The school's camera follows a calendar: no pictures from HH:MM to HH:MM, on every day of the week
    #[arg(long, value_name = "FROM-TO")]
    school: Option<SchoolDay>,
    /// Answer WS-Discovery probes
    #[arg(long)]
    discovery: bool,
    /// Search a film for the hue that only private windows have, print what was found, and end
    #[arg(long, value_name = "FILE")]
    search: Option<PathBuf>,
    /// Encode the main streams before being ready, not in the background
    #[arg(long)]
    prepare: bool,
    /// Every stream alike (H.264, 25 pictures a second), main streams encoded only when watched: for measuring
    #[arg(long)]
    alike: bool,
    /// Make of a dome, `cam-03=preciso`, or of every dome, `preciso`; may be given several times
    #[arg(long = "make", value_name = "[CAMERA=]MAKE", value_parser = make)]
    makes: Vec<(Option<CameraId>, Make)>,
    /// Print the names of the makes, and end
    #[arg(long)]
    list_makes: bool,
    /// Tint the domes' pictures and make them small, so that a program can count what is seen
    #[arg(long)]
    sight_test: bool,
}

fn make(text: &str) -> Result<(Option<CameraId>, Make), String> {
    let (camera, name) = match text.split_once('=') {
        Some((camera, name)) => (
            Some(camera.parse::<CameraId>().map_err(|error| error.to_string())?),
            name,
        ),
        None => (None, text),
    };
    Ok((camera, Make::by_name(name).map_err(|error| error.to_string())?))
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error as &dyn Error, "vedetta-sim cannot run");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments {
        cameras,
        domes,
        seed,
        plan,
        cache,
        school,
        discovery,
        prepare,
        alike,
        search,
        makes,
        list_makes,
        sight_test,
    } = arguments;
    if list_makes {
        MAKES.iter().for_each(|make| println!("{}", make.name));
        return Ok(());
    }
    if let Some(film) = search {
        let found = tokio::task::spawn_blocking(move || film::search(&film)).await??;
        println!("{}", serde_json::to_string(&found)?);
        return Ok(());
    }
    if domes > cameras {
        return Err(format!("--domes {domes} is more than --cameras {cameras}").into());
    }
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let starting = Simulator::start(Options {
        cameras,
        domes,
        seed,
        plan,
        cache,
        school,
        installed: true,
        discovery,
        prepare,
        alike,
        makes,
        sight_test,
    });
    let town = tokio::select! {
        town = starting => town?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let mut line = serde_json::to_vec(town.ready())?;
    line.push(b'\n');
    std::io::stdout().write_all(&line)?;
    std::io::stdout().flush()?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::task::spawn_blocking(move || drop(town)).await?;
    Ok(())
}
