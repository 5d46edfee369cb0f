//! `vedetta-sim`: the simulated town as a program. Reads arguments, prints the ready line, ends on SIGTERM or SIGINT.

use clap::Parser;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use vedetta::domain::camera::CameraId;
use vedetta::gui::i18n::fl;
use vedetta::gui::terminal;
use vedetta::sim::film;
use vedetta::sim::makes::{MAKES, Make};
use vedetta::sim::run::{Options, Simulator};
use vedetta::sim::site_files::SchoolDay;

/// Command line.
#[derive(Parser)]
#[command(version, about = fl!("help-sim-about"))]
struct Arguments {
    #[arg(help = fl!("help-sim-cameras"), long, default_value_t = 16)]
    cameras: u32,
    #[arg(help = fl!("help-sim-domes"), long, default_value_t = 4)]
    domes: u32,
    #[arg(help = fl!("help-sim-seed"), long, default_value_t = 7)]
    seed: u64,
    #[arg(help = fl!("help-sim-plan"), long)]
    plan: Option<PathBuf>,
    #[arg(help = fl!("help-sim-cache"), long)]
    cache: Option<PathBuf>,
    #[arg(help = fl!("help-sim-school"), long, value_name = "FROM-TO")]
    school: Option<SchoolDay>,
    #[arg(help = fl!("help-sim-discovery"), long)]
    discovery: bool,
    #[arg(help = fl!("help-sim-search"), long, value_name = "FILE")]
    search: Option<PathBuf>,
    #[arg(help = fl!("help-sim-prepare"), long)]
    prepare: bool,
    #[arg(help = fl!("help-sim-alike"), long)]
    alike: bool,
    #[arg(help = fl!("help-sim-make"), long = "make", value_name = "[CAMERA=]MAKE", value_parser = make)]
    makes: Vec<(Option<CameraId>, Make)>,
    #[arg(help = fl!("help-sim-list-makes"), long)]
    list_makes: bool,
    #[arg(help = fl!("help-sim-sight-test"), long)]
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
    let arguments: Arguments = match terminal::arguments() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    if arguments.domes > arguments.cameras {
        let (domes, cameras) = (arguments.domes.to_string(), arguments.cameras.to_string());
        eprintln!("{}", fl!("sim-too-many-domes", domes = domes, cameras = cameras));
        return ExitCode::FAILURE;
    }
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::debug!(error = &*error as &dyn Error, "vedetta-sim cannot run");
            eprintln!("{}", fl!("sim-cannot", why = error.to_string()));
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
