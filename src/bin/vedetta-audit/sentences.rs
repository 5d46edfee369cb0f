//! What a test of a camera, a change of the plan and a fault in its file are in Italian, one sentence each.
//!
//! Deliberately absent: everything else.

use vedetta::domain::camera::LensError;
use vedetta::domain::privacy::calendar::CalendarError;
use vedetta::domain::privacy::convex::{MOST_POINTS, ShapeError};
use vedetta::domain::site::change::{Difference, Field};
use vedetta::domain::site::file::FileTrouble;
use vedetta::domain::site::{CameraError, PlanError};
use vedetta::onvif::{OnvifError, OnvifErrorKind, TestReport};

/// Clocks that differ by less are not worth a word, seconds.
const CLOCK_SLACK_S: u64 = 5;

/// Whether a camera that let nobody in answered at all.
pub fn answered(error: &OnvifError) -> bool {
    !matches!(error.kind(), OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout)
}

/// What a test found.
pub fn trial(found: &Result<TestReport, OnvifError>) -> String {
    let trial = match found {
        Ok(trial) => trial,
        Err(error) => {
            return match error.kind() {
                OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout => {
                    "La telecamera non risponde: controllare indirizzo, alimentazione e rete.".into()
                }
                OnvifErrorKind::WrongPassword => {
                    "La telecamera risponde ma rifiuta l'accesso: controllare account e password.".into()
                }
                OnvifErrorKind::ClockWrong => {
                    "La telecamera risponde ma rifiuta l'accesso per il suo orologio: regolarlo.".into()
                }
                OnvifErrorKind::Busy => "La telecamera risponde ma è occupata: riprovare fra poco.".into(),
                OnvifErrorKind::Nonsense
                | OnvifErrorKind::TooLarge
                | OnvifErrorKind::TooDeep
                | OnvifErrorKind::Fault
                | OnvifErrorKind::NotSupported => {
                    format!("La telecamera risponde ma non come prevede ONVIF ({error}).")
                }
            };
        }
    };
    let clock = match trial.clock_offset_s {
        None => "orologio non dichiarato".to_owned(),
        Some(offset) if offset.unsigned_abs() < CLOCK_SLACK_S => "orologio giusto".to_owned(),
        Some(offset) => format!("orologio sfasato di {offset} s"),
    };
    let streams = match &trial.streams {
        Ok(streams) if streams.is_empty() => "nessun flusso".to_owned(),
        Ok(streams) => {
            let each = streams
                .iter()
                .map(|stream| format!("{} {}×{}", stream.codec, stream.width, stream.height));
            each.collect::<Vec<_>>().join(", ")
        }
        Err(error) => format!("flussi non leggibili ({error})"),
    };
    let ptz = if trial.ptz {
        "brandeggiabile"
    } else {
        "senza brandeggio"
    };
    let masks = match &trial.masks {
        Some(options) => format!("fino a {} maschere proprie", options.most_masks),
        None => "senza maschere proprie".to_owned(),
    };
    format!("Risponde e fa entrare; {clock}; {streams}; {ptz}; {masks}.")
}

/// A field as the regulation's words.
fn field(field: Field) -> &'static str {
    match field {
        Field::Number => "numero",
        Field::Name => "nome",
        Field::Place => "luogo",
        Field::Controller => "titolare",
        Field::Kind => "tipo",
        Field::Onvif => "indirizzo",
        Field::Lens => "ottica",
        Field::Masks => "maschere",
        Field::Limits => "limiti",
        Field::Motion => "movimento",
        Field::Ground => "suolo",
        Field::School => "calendario scolastico",
        Field::PersonalUsers => "utenti personali",
    }
}

/// What changes in one camera.
pub fn difference(difference: &Difference) -> String {
    let camera = &difference.camera;
    match (&difference.before, &difference.after) {
        (None, Some(new)) => format!("{camera}: nuova, {} maschere", new.masks.len()),
        (Some(_), None) => format!("{camera}: tolta"),
        _ => {
            let fields: Vec<_> = difference.fields().into_iter().map(field).collect();
            format!("{camera}: {}", fields.join(", "))
        }
    }
}

/// What is wrong with a line of a plan's file.
pub fn file_fault(trouble: &FileTrouble) -> String {
    match trouble {
        FileTrouble::Syntax(words) => format!("non si legge: {words}"),
        FileTrouble::Address => {
            "l'indirizzo deve cominciare con http:// o https://, avere un host e nessun utente o password".into()
        }
        FileTrouble::Plan(PlanError::ControllerTwice(id)) => format!("il titolare {id} compare due volte"),
        FileTrouble::Plan(PlanError::Istat(id)) => format!("il codice ISTAT di {id} deve avere sei cifre"),
        FileTrouble::Plan(PlanError::Camera { camera, trouble }) => format!("{camera}: {}", camera_fault(trouble)),
    }
}

fn camera_fault(trouble: &CameraError) -> String {
    match trouble {
        CameraError::Twice => "compare due volte".into(),
        CameraError::NumberTwice(number) => format!("il numero {number} è già di un'altra telecamera"),
        CameraError::NoSuchController(id) => format!("il titolare {id} non c'è"),
        CameraError::DomeWithoutLens => "una dome deve avere un modello di ottica".into(),
        CameraError::Lens(error) => format!("modello di ottica: {}", lens_fault(*error)),
        CameraError::MaskTwice(id) => format!("la maschera {id} compare due volte"),
        CameraError::WrongKindOfMask(id) => {
            format!("la maschera {id} ha la forma sbagliata: direzioni per le dome, punti dell'immagine per le altre")
        }
        CameraError::Mask { mask, error } => format!("maschera {mask}: {}", shape_fault(*error)),
        CameraError::SectorTwice(id) => format!("il settore {id} compare due volte"),
        CameraError::Sector { sector, error } => format!("settore {sector}: {}", shape_fault(*error)),
        CameraError::SectorsOfAFixedCamera => "i settori sono per le dome".into(),
        CameraError::NoGround => {
            "un limite in pixel per metro vuole altezza dell'ottica e larghezza dell'immagine".into()
        }
        CameraError::Ground => "altezza dell'ottica o larghezza dell'immagine fuori dai limiti".into(),
        CameraError::School(error) => format!("calendario scolastico: {}", calendar_fault(*error)),
        CameraError::Limit(name) => format!("il limite {name} è vuoto, fuori dai limiti o non è un numero"),
        CameraError::Motion(name) => format!("il valore {name} è fuori dai limiti o non è un numero"),
    }
}

fn lens_fault(error: LensError) -> &'static str {
    match error {
        LensError::PanRange => "l'escursione in orizzontale è vuota o supera due giri",
        LensError::TiltRange => "l'escursione in verticale è vuota o supera la verticale",
        LensError::ZoomTable => "la tabella vuole almeno due righe, con lo zoom che cresce e il campo che cala",
        LensError::FieldOfView => "il campo visivo deve stare fra 0,1° e 150°",
        LensError::Aspect => "il rapporto fra larghezza e altezza deve stare fra 0,2 e 5",
        LensError::Roll => "la rotazione non è un numero",
    }
}

fn shape_fault(error: ShapeError) -> String {
    match error {
        ShapeError::TooFewPoints => "servono almeno tre punti diversi".into(),
        ShapeError::TooManyPoints => format!("al più {MOST_POINTS} punti"),
        ShapeError::Crosses => "i lati si incrociano".into(),
        ShapeError::Flat => "non ha superficie".into(),
        ShapeError::OutOfRange => "una coordinata è fuori dai limiti".into(),
        ShapeError::SideTooLong => "un lato arriva a 90°".into(),
        ShapeError::TooLarge => "è troppo grande".into(),
    }
}

fn calendar_fault(error: CalendarError) -> &'static str {
    match error {
        CalendarError::Hours => "un orario finisce prima di cominciare",
        CalendarError::Holiday => "una vacanza finisce prima di cominciare",
        CalendarError::Exception => "un'eccezione finisce prima di cominciare",
        CalendarError::NotApproved => "un'eccezione che apre vuole motivo e responsabile",
    }
}
