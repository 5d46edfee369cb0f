//! The store of the outbox's key and the workstation's own key: the system keyring, or files only this account can read.
//!
//! Invariant: a keyring that says «no entry» is never taken for «never saved» when an outbox exists: a locked
//! collection says the same. The choice between keyring and file is the person's, made by name; there is no silent
//! way from one to the other. A keyring is asked anew at every opening, and for seconds only: one that comes late is found at
//! the next try, and one that never answers holds nobody up.
//! Deliberately absent: camera credentials (memory only) and passwords of people (never stored).

use super::config::{SecretsChoice, SecretsError, SecretsTrouble};
use crate::domain::camera::StationId;
use crate::station::record::outbox::{RecordKey, create_private_dir, private_file, read_bounded, replace_file};
use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret as _, SecretString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use zbus_secret_service_keyring_store::Store;
use zeroize::Zeroizing;

const SERVICE: &str = "vedetta";
const KEY_BYTES: u64 = 32;
/// Longest wait for an answer of the keyring. Whoever is asked for its password meanwhile may take longer: the question stays
/// on the screen, and the next try finds the keyring open.
const ANSWERS_WITHIN: Duration = Duration::from_secs(6);

/// A place for secrets. Its calls block, those to a keyring for a few seconds at most.
pub enum Vault {
    Keyring { station: StationId, store: Arc<Store> },
    File { folder: PathBuf },
}

/// The kinds of secret that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecretKind {
    OutboxKey,
    /// Private key and certificate of the workstation, PEM, together: one is of no use without the other.
    Identity,
}

impl SecretKind {
    fn name(self) -> &'static str {
        match self {
            Self::OutboxKey => "outbox-key",
            Self::Identity => "identity",
        }
    }

    fn most_bytes(self) -> u64 {
        match self {
            Self::OutboxKey => KEY_BYTES,
            Self::Identity => 16 * 1024,
        }
    }
}

impl Vault {
    /// The place the person chose.
    ///
    /// # Errors
    /// [`SecretsError`] when no system keyring answers; never falls back to the file by itself.
    pub fn open(choice: SecretsChoice, station: &StationId, data: &Path) -> Result<Self, SecretsError> {
        match choice {
            SecretsChoice::SystemKeyring => Ok(Self::Keyring {
                station: station.clone(),
                store: keyring()?,
            }),
            SecretsChoice::ProtectedFile => Ok(Self::File {
                folder: data.join("secrets"),
            }),
        }
    }

    /// Whether the place the person chose takes a secret: one is put there and taken away again, because a keyring that is
    /// locked, or that nothing is behind, answers a question as if nothing had been saved. Blocks.
    ///
    /// # Errors
    /// [`SecretsError`]: it takes none.
    pub fn try_out(choice: SecretsChoice) -> Result<(), SecretsError> {
        match choice {
            SecretsChoice::SystemKeyring => {
                let entry = entry(&keyring()?, "trial")?;
                ask(move || entry.set_secret(b"trial").and_then(|()| entry.delete_credential()))
            }
            SecretsChoice::ProtectedFile => Ok(()),
        }
    }

    /// The outbox's key; made now when there is none and no outbox needs it yet.
    ///
    /// # Errors
    /// [`SecretsError`]: locked, lost while an outbox exists, or the file can be read by others.
    pub fn outbox_key(&self, outbox_exists: bool) -> Result<RecordKey, SecretsError> {
        if let Some(bytes) = self.read(SecretKind::OutboxKey)? {
            return self.as_key(&bytes);
        }
        if outbox_exists {
            return Err(self.useless("the outbox exists, but its key is not here"));
        }
        let mut fresh = Zeroizing::new([0u8; KEY_BYTES as usize]);
        getrandom::fill(&mut *fresh).map_err(|error| self.useless(error))?;
        self.write(SecretKind::OutboxKey, &*fresh)?;
        match self.read(SecretKind::OutboxKey)? {
            Some(bytes) if *bytes == *fresh => self.as_key(&bytes),
            _ => Err(self.useless("the key was saved and does not read back")),
        }
    }

    /// Key and certificate of the workstation, PEM; `None` when none were stored here.
    ///
    /// # Errors
    /// [`SecretsError`]: locked, or the file can be read by others.
    pub fn identity(&self) -> Result<Option<SecretString>, SecretsError> {
        let Some(bytes) = self.read(SecretKind::Identity)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| self.useless("the identity is no text"))?;
        Ok(Some(SecretString::from(text)))
    }

    /// Stores key and certificate in the place of those before.
    ///
    /// # Errors
    /// [`SecretsError`]: they cannot be stored.
    pub fn store_identity(&self, pem: &SecretString) -> Result<(), SecretsError> {
        self.write(SecretKind::Identity, pem.expose_secret().as_bytes())
    }

    fn as_key(&self, bytes: &[u8]) -> Result<RecordKey, SecretsError> {
        RecordKey::from_bytes(bytes).ok_or_else(|| self.useless("the outbox key has a wrong length"))
    }

    /// The place works, and what it has is of no use.
    fn useless(&self, detail: impl std::fmt::Display) -> SecretsError {
        let why = match self {
            Self::Keyring { .. } => SecretsTrouble::KeyringEmpty,
            Self::File { .. } => SecretsTrouble::File,
        };
        no_secrets(why, detail)
    }

    fn read(&self, what: SecretKind) -> Result<Option<Zeroizing<Vec<u8>>>, SecretsError> {
        match self {
            Self::Keyring { station, store } => {
                let entry = entry(store, &user(station, what))?;
                ask(move || match entry.get_secret() {
                    Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
                    Err(Error::NoEntry) => Ok(None),
                    Err(error) => Err(error),
                })
            }
            Self::File { folder } => {
                let path = folder.join(what.name());
                check_private(&path)?;
                let bytes = read_bounded(&path, what.most_bytes()).map_err(in_file)?;
                Ok(bytes.map(Zeroizing::new))
            }
        }
    }

    fn write(&self, what: SecretKind, secret: &[u8]) -> Result<(), SecretsError> {
        match self {
            Self::Keyring { station, store } => {
                let (entry, secret) = (entry(store, &user(station, what))?, Zeroizing::new(secret.to_vec()));
                ask(move || entry.set_secret(&secret))
            }
            Self::File { folder } => write_file(folder, what, secret).map_err(in_file),
        }
    }
}

/// A connection to the keyring of this login, made anew: the one of a try before may be to nobody.
fn keyring() -> Result<Arc<Store>, SecretsError> {
    ask(Store::new)
}

fn user(station: &StationId, what: SecretKind) -> String {
    format!("{station}/{}", what.name())
}

fn entry(store: &Arc<Store>, user: &str) -> Result<Entry, SecretsError> {
    store.build(SERVICE, user, None).map_err(refused)
}

/// Asks the keyring on a thread of its own, which nobody waits for once the answer is overdue.
fn ask<T: Send + 'static>(question: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, SecretsError> {
    let (tell, told) = mpsc::channel();
    let asking = std::thread::Builder::new().name("keyring".to_owned()).spawn(move || {
        // Nobody listens any more when the answer is late.
        let _ = tell.send(question());
    });
    asking.map_err(|error| no_secrets(SecretsTrouble::KeyringMute, error))?;
    match told.recv_timeout(ANSWERS_WITHIN) {
        Ok(answer) => answer.map_err(refused),
        Err(error) => Err(no_secrets(SecretsTrouble::KeyringMute, error)),
    }
}

/// What the keyring, or whoever carries questions to it, said no for.
fn refused(error: Error) -> SecretsError {
    let why = match &error {
        Error::NoStorageAccess(_) => SecretsTrouble::KeyringLocked,
        _ => SecretsTrouble::KeyringAbsent,
    };
    no_secrets(why, error)
}

fn in_file(error: std::io::Error) -> SecretsError {
    no_secrets(SecretsTrouble::File, error)
}

fn no_secrets(why: SecretsTrouble, detail: impl std::fmt::Display) -> SecretsError {
    let detail = detail.to_string();
    SecretsError { why, detail }
}

/// The outbox's key is made once and never replaced; an identity is replaced whole.
fn write_file(folder: &Path, what: SecretKind, secret: &[u8]) -> std::io::Result<()> {
    create_private_dir(folder)?;
    let path = folder.join(what.name());
    match what {
        SecretKind::Identity => replace_file(&path, secret),
        SecretKind::OutboxKey => {
            let mut file = private_file().create_new(true).open(path)?;
            file.write_all(secret)?;
            file.sync_all()
        }
    }
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), SecretsError> {
    use std::os::unix::fs::PermissionsExt as _;
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            let detail = format!("{} can be read by other accounts", path.display());
            Err(no_secrets(SecretsTrouble::File, detail))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), SecretsError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::enrolment_code::EnrolmentCode;
    use crate::station::{EnrolError, StationConfig, TrackedPose, enrol_machine};

    fn vault(data: &Path) -> Vault {
        Vault::open(SecretsChoice::ProtectedFile, &"sala".parse().unwrap(), data).unwrap()
    }

    #[test]
    fn the_key_is_made_once_and_read_again() {
        let data = tempfile::tempdir().unwrap();
        let key = vault(data.path()).outbox_key(false).unwrap();
        let again = vault(data.path()).outbox_key(true).unwrap();
        let sealed = key.seal(b"", b"x").unwrap();
        assert_eq!(again.open(b"", &sealed).unwrap().as_slice(), b"x");
    }

    #[test]
    fn an_identity_is_kept_private_and_replaced_whole() {
        let data = tempfile::tempdir().unwrap();
        let vault = vault(data.path());
        assert!(vault.identity().unwrap().is_none());
        for pem in ["first", "second"] {
            vault.store_identity(&pem.into()).unwrap();
            assert_eq!(vault.identity().unwrap().unwrap().expose_secret(), pem);
        }
    }

    #[test]
    fn a_lost_key_is_not_replaced_while_an_outbox_exists() {
        let data = tempfile::tempdir().unwrap();
        let refused = vault(data.path()).outbox_key(true).err();
        assert_eq!(refused.map(|error| error.why), Some(SecretsTrouble::File));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        vault(data.path()).outbox_key(false).unwrap();
        let path = data.path().join("secrets/outbox-key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = vault(data.path()).outbox_key(true).err();
        assert_eq!(refused.map(|error| error.why), Some(SecretsTrouble::File));
    }

    /// What the tests below ask of a child process inside its own message bus.
    const ASKED: &str = "VEDETTA_TEST_KEYRING_ASKED";

    /// A machine without a keyring, told of a server that is not there: nothing is asked of the server, so that the code
    /// stays good.
    fn enrolled_nowhere() -> Result<(), EnrolError> {
        let nowhere = PathBuf::from("/nonexistent");
        let config = StationConfig {
            enrolment: nowhere.clone(),
            data: nowhere.clone(),
            evidence: nowhere,
            secrets: SecretsChoice::SystemKeyring,
            pose_source: std::sync::Arc::new(TrackedPose),
        };
        let code = EnrolmentCode::new(&[7; 8], b"nobody").to_string();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(enrol_machine(config, "127.0.0.1:1", &code))
    }

    /// Start a keyring that is open, and one that is not; both until it answers.
    const UNLOCKED: &str = "printf parola | gnome-keyring-daemon --unlock --components=secrets >/dev/null; \
        for n in $(seq 3000); do dbus-send --session --print-reply --dest=org.freedesktop.secrets \
        /org/freedesktop/secrets org.freedesktop.DBus.Peer.Ping >/dev/null 2>&1 && break; done";
    const LOCKED: &str = "gnome-keyring-daemon --start --components=secrets >/dev/null; \
        for n in $(seq 3000); do dbus-send --session --print-reply --dest=org.freedesktop.secrets \
        /org/freedesktop/secrets org.freedesktop.DBus.Peer.Ping >/dev/null 2>&1 && break; done";

    /// Why an outbox that exists gets no key.
    fn refused_for(open: &dyn Fn() -> Result<Vault, SecretsError>) -> SecretsTrouble {
        let refused = open().and_then(|vault| vault.outbox_key(true).map(drop));
        refused.expect_err("the key was read").why
    }

    /// The child: opens the keyring as a workstation does, and answers with its exit status.
    #[test]
    #[ignore = "a part of the test below, which gives it a message bus of its own"]
    fn child_asks_the_keyring() {
        let asked = std::env::var(ASKED).expect("started by the test below");
        let station = "sala".parse().unwrap();
        let open = || Vault::open(SecretsChoice::SystemKeyring, &station, Path::new("/nonexistent"));
        match asked.as_str() {
            "keep" => {
                let key = open().unwrap().outbox_key(false).unwrap();
                let again = open().unwrap().outbox_key(true).unwrap();
                let sealed = key.seal(b"", b"x").unwrap();
                assert_eq!(again.open(b"", &sealed).unwrap().as_slice(), b"x");
            }
            "read" => drop(open().unwrap().outbox_key(true).unwrap()),
            "nobody" => {
                let refused = enrolled_nowhere();
                assert!(matches!(refused, Err(EnrolError::NoSecrets(_))), "{refused:?}");
                assert_eq!(refused_for(&open), SecretsTrouble::KeyringAbsent);
            }
            "late" => {
                assert_eq!(refused_for(&open), SecretsTrouble::KeyringAbsent);
                let started = std::process::Command::new("sh").args(["-c", UNLOCKED]).status();
                assert!(started.unwrap().success());
                open().unwrap().outbox_key(true).unwrap();
            }
            "mute" => {
                let _mute = zbus::blocking::connection::Builder::session()
                    .and_then(|builder| builder.name("org.freedesktop.secrets"))
                    .and_then(|builder| builder.build())
                    .unwrap();
                assert_eq!(refused_for(&open), SecretsTrouble::KeyringMute);
            }
            "locked" => assert_eq!(refused_for(&open), SecretsTrouble::KeyringLocked),
            "another" => assert_eq!(refused_for(&open), SecretsTrouble::KeyringEmpty),
            other => panic!("asked for {other}"),
        }
    }

    /// A message bus that starts no service by itself, so that a keyring is there only when a test starts one.
    const BUS: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
        <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
        </policy></busconfig>"#;

    /// Runs the child in a message bus of its own, after `before` (a shell command) has prepared it.
    fn in_a_session(home: &Path, before: &str, asked: &str) -> std::process::Output {
        let script = format!(
            "{before}\nexec timeout 60 \"$0\" --exact station::machine::secrets::tests::child_asks_the_keyring --ignored --nocapture"
        );
        let bus = home.join("bus.conf");
        std::fs::write(&bus, BUS).unwrap();
        std::process::Command::new("dbus-run-session")
            .arg("--config-file")
            .arg(bus)
            .args(["--", "sh", "-c", &script])
            .arg(std::env::current_exe().unwrap())
            .env("XDG_DATA_HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("HOME", home)
            .env(ASKED, asked)
            .output()
            .expect("dbus-run-session, from the package dbus-daemon")
    }

    #[test]
    fn the_system_keyring_keeps_the_key_and_says_why_it_does_not_give_it() {
        let (home, another) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (home, before, asked) in [
            (&home, UNLOCKED, "keep"),
            (&home, UNLOCKED, "read"),
            (&home, "true", "nobody"),
            (&home, "true", "late"),
            (&home, "true", "mute"),
            (&home, LOCKED, "locked"),
            (&another, UNLOCKED, "another"),
        ] {
            let output = in_a_session(home.path(), before, asked);
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.contains("1 passed"), "{asked}: {said}");
        }
    }
}
