//! What can go wrong with the server as a program, in two texts: `Display` in English for the log,
//! [`ServerError::for_people`] in Italian, one sentence, for who started it.
//!
//! Deliberately absent: refusals to a client (`protocol::Refusal`).

use super::store::StoreError;
use crate::domain::site::change::SiteFault;
use std::path::PathBuf;

/// Why a command of the server failed.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("file {path}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("configuration {path}: {detail}")]
    Config { path: PathBuf, detail: String },
    #[error("the data directory is in use by another process")]
    AlreadyRunning,
    #[error("the data directory is not set up")]
    NotSetUp,
    #[error("the data directory is already set up")]
    AlreadySetUp,
    #[error("store")]
    Store(#[from] StoreError),
    #[error("key or certificate: {0}")]
    Key(String),
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    #[error("signer of {log}: {detail}")]
    Signer { log: String, detail: String },
    #[error("listening on {address}")]
    Listen {
        address: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the running server: {0}")]
    Remote(String),
    #[error("the running server refused: {0:?}")]
    Refused(crate::protocol::RefusalKind),
    #[error("the name {0} is taken")]
    NameTaken(String),
    #[error("the answer is wrong: {0}")]
    Answer(String),
    #[error("{0} is not in quarantine")]
    NotQuarantined(String),
    #[error("no reason was given")]
    NoReason,
    #[error("the account may not change the names of logs")]
    OwnerNeeded,
    #[error("the change cannot be recorded: {0}")]
    NotRecorded(String),
    #[error("the log does not hold: {0}")]
    Broken(String),
}

impl ServerError {
    /// One sentence in Italian for people.
    pub fn for_people(&self) -> String {
        use crate::protocol::RefusalKind;
        match self {
            Self::File { path, .. } => format!("Non riesco a leggere o scrivere il file {}.", path.display()),
            Self::Refused(RefusalKind::Site(fault)) => site_fault(fault),
            Self::Refused(RefusalKind::Rule(crate::domain::people::Rule::OtherController)) => {
                "Appartiene anche a un altro titolare, di cui questo account non si occupa; il tentativo è stato registrato."
                    .into()
            }
            Self::Refused(RefusalKind::Rule(crate::domain::people::Rule::FourEyes)) => {
                "Chi ha proposto una modifica non la approva: serve un'altra persona.".into()
            }
            Self::Config { path, .. } => format!("La configurazione {} contiene un errore.", path.display()),
            Self::AlreadyRunning => "Un altro server sta già usando questa cartella dei dati.".into(),
            Self::NotSetUp => "La cartella dei dati non è ancora stata preparata.".into(),
            Self::AlreadySetUp => "La cartella dei dati contiene già un registro: non la sovrascrivo.".into(),
            Self::Store(_) => "La banca dati del registro non risponde come deve.".into(),
            Self::Key(_) => "Una chiave o un certificato non è valido.".into(),
            Self::Random(_) => "Il sistema non fornisce numeri casuali.".into(),
            Self::Signer { log, .. } => format!("Non posso firmare il registro {log}: lo stato della firma non torna."),
            Self::Listen { address, .. } => format!("Non riesco ad aprire l'indirizzo {address}."),
            Self::Remote(_) => "Il server in funzione non risponde.".into(),
            Self::Refused(RefusalKind::WrongCredentials) => "Nome utente o password errati.".into(),
            Self::Refused(RefusalKind::LockedOut { seconds }) => {
                format!("Troppi tentativi: riprovare fra {seconds} secondi.")
            }
            Self::Refused(RefusalKind::AlreadyActiveElsewhere) => {
                "L'account è già in uso su un'altra postazione.".into()
            }
            Self::Refused(RefusalKind::SecondFactor) => {
                "Serve il codice dell'autenticatore, o quello dato non è giusto.".into()
            }
            Self::Refused(RefusalKind::NoSecondFactor) => {
                "L'account deve avere un secondo fattore e non lo ha: farselo dare da un altro amministratore.".into()
            }
            Self::Refused(RefusalKind::MustChoosePassword) => {
                "La password è scaduta o provvisoria: cambiarla con «people passwd».".into()
            }
            Self::Refused(RefusalKind::NotTaken(_)) => {
                "La nuova password non va bene: almeno 12 caratteri, non il nome dell'account, non una delle ultime cinque."
                    .into()
            }
            Self::Refused(RefusalKind::Malformed) => {
                "Il server non accetta la richiesta: un nome è già in uso o un dato non è scritto bene.".into()
            }
            Self::Refused(RefusalKind::NotFound) => "Non c'è nessuno, o niente, con questo nome.".into(),
            Self::Refused(RefusalKind::Rule(_)) => {
                "Operazione non consentita a questo livello; il tentativo è stato registrato.".into()
            }
            Self::Refused(_) => "Il server ha rifiutato la richiesta.".into(),
            Self::NameTaken(name) => format!("Il nome di postazione «{name}» è già in uso, o lo è stato: sceglierne un altro."),
            Self::Answer(what) => format!("Risposta non valida: {what}."),
            Self::NotQuarantined(name) => format!("La postazione «{name}» non è in quarantena."),
            Self::NoReason => "Manca il motivo: scriverlo con --reason, perché resta nel registro.".into(),
            Self::OwnerNeeded => {
                "Con questo account la banca dati non lascia cambiare il nome del registro: usare quello del proprietario (--database)."
                    .into()
            }
            Self::NotRecorded(_) => "L'operazione non può essere registrata, quindi non è stata eseguita.".into(),
            Self::Broken(detail) => format!("Il registro NON è integro: {detail}."),
        }
    }
}

fn site_fault(fault: &SiteFault) -> String {
    match fault {
        SiteFault::Address => {
            "L'indirizzo deve cominciare con http:// o https://, avere un host e nessun utente o password.".into()
        }
        SiteFault::Text => "Nome, luogo o motivo mancano, sono troppo lunghi o non stanno su una riga.".into(),
        SiteFault::Taken => "L'identificativo o il numero è già di un'altra telecamera.".into(),
        SiteFault::NotKept => "Quel titolare non c'è, o questo account non se ne occupa.".into(),
        SiteFault::NoSuchCamera => "Non c'è una telecamera con questo nome.".into(),
        SiteFault::Controllers => "I titolari non si cambiano con un file.".into(),
        SiteFault::Stale { version } => {
            format!("Il piano è cambiato: ora è la versione {version}. Esportarlo di nuovo e rifare le modifiche.")
        }
        SiteFault::Senseless { camera: Some(camera) } => {
            format!("Così il piano non torna (telecamera {camera}): controllarlo con «plan check».")
        }
        SiteFault::Senseless { camera: None } => "Così il piano non torna: controllarlo con «plan check».".into(),
        SiteFault::Nothing => "Non cambia niente.".into(),
        SiteFault::TooMany => "Troppe modifiche attendono di essere approvate.".into(),
    }
}
