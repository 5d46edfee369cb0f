//! `vedetta-sim`: the simulated town as a program. Reads arguments, prints the ready line, ends on SIGTERM or SIGINT.

use clap::Parser;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use vedetta::domain::camera::CameraId;
use vedetta::gui::i18n::fl;
use vedetta::gui::terminal::{self, NotAccepted};
use vedetta::sim::film;
use vedetta::sim::makes::{MAKES, Make};
use vedetta::sim::run::{Options, Simulator, StartError};
use vedetta::sim::site_files::SchoolDay;
use vedetta::sim::town::NoSuchDome;

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

fn make(text: &str) -> Result<(Option<CameraId>, Make), NotAccepted> {
    let (camera, name) = match text.split_once('=') {
        Some((camera, name)) => {
            let no_name = |_| NotAccepted(fl!("sim-make-camera", camera = camera));
            (Some(camera.parse::<CameraId>().map_err(no_name)?), name)
        }
        None => (None, text),
    };
    let make = Make::by_name(name).map_err(|_| {
        let known = MAKES.map(|make| make.name).join(", ");
        NotAccepted(fl!("sim-make-unknown", name = name, known = known))
    })?;
    Ok((camera, make))
}

/// Why the town cannot start, for people.
fn cannot(error: &(dyn Error + 'static)) -> String {
    let cause = || error.source().map(ToString::to_string).unwrap_or_default();
    match error.downcast_ref::<StartError>() {
        Some(StartError::Make(NoSuchDome(camera))) => fl!("sim-no-such-dome", camera = camera.to_string()),
        Some(StartError::Gstreamer(_)) => fl!("sim-no-gstreamer", why = cause()),
        Some(StartError::MissingElement(element)) => fl!("sim-no-element", element = element.to_string()),
        Some(StartError::Clips(clips)) => fl!("sim-no-clips", clips = clips.to_string()),
        Some(StartError::Rtsp(_)) => fl!("sim-no-rtsp", why = cause()),
        Some(StartError::Io { .. }) => fl!("sim-io", why = cause()),
        Some(StartError::Interrupted(_)) => fl!("sim-interrupted"),
        Some(StartError::Name(_)) => fl!("sim-plan-names"),
        None => error.to_string(),
    }
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
            eprintln!("{}", fl!("sim-cannot", why = cannot(&*error)));
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
