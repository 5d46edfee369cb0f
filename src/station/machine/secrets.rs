//! The store of the outbox's key and the workstation's own key: the system keyring, or files only this account can read.
//!
//! Invariant: a keyring that says «no entry» is never taken for «never saved» when an outbox exists: a locked
//! collection says the same. The choice between keyring and file is the person's, made by name; there is no silent
//! way from one to the other.
//! Deliberately absent: camera credentials (memory only) and passwords of people (never stored).

use super::config::{SecretsChoice, StationError};
use crate::domain::camera::StationId;
use crate::station::record::outbox::{RecordKey, create_private_dir, private_file, read_bounded, replace_file};
use secrecy::{ExposeSecret as _, SecretString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const SERVICE: &str = "vedetta";
const KEY_BYTES: u64 = 32;

/// A place for secrets. Its calls block.
pub enum Vault {
    Keyring { station: StationId },
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
    /// [`StationError::NoKeyring`] when there is no system keyring; never falls back to the file by itself.
    pub fn open(choice: SecretsChoice, station: &StationId, data: &Path) -> Result<Self, StationError> {
        match choice {
            SecretsChoice::SystemKeyring => {
                if let Err(error) = keyring::Entry::store_status() {
                    return Err(no_keyring(format!("the keyring does not answer: {error}")));
                }
                Ok(Self::Keyring {
                    station: station.clone(),
                })
            }
            SecretsChoice::ProtectedFile => Ok(Self::File {
                folder: data.join("secrets"),
            }),
        }
    }

    /// Whether the place the person chose takes a secret: one is put there and taken away again, because a keyring that is
    /// locked, or that nothing is behind, answers a question as if nothing had been saved. Blocks.
    ///
    /// # Errors
    /// [`StationError::NoKeyring`]: it takes none.
    pub fn try_out(choice: SecretsChoice) -> Result<(), StationError> {
        match choice {
            SecretsChoice::SystemKeyring => keyring::Entry::new(SERVICE, "trial")
                .and_then(|entry| entry.set_secret(b"trial").and_then(|()| entry.delete_credential()))
                .map_err(|error| no_keyring(format!("the keyring takes no secret: {error}"))),
            SecretsChoice::ProtectedFile => Ok(()),
        }
    }

    /// The outbox's key; made now when there is none and no outbox needs it yet.
    ///
    /// # Errors
    /// [`StationError::NoKeyring`]: locked, lost while an outbox exists, or the file can be read by others.
    pub fn outbox_key(&self, outbox_exists: bool) -> Result<RecordKey, StationError> {
        if let Some(bytes) = self.read(SecretKind::OutboxKey)? {
            return RecordKey::from_bytes(&bytes).ok_or_else(|| no_keyring("the outbox key has a wrong length".into()));
        }
        if outbox_exists {
            return Err(no_keyring(
                "the outbox exists, but its key cannot be read: unlock the keyring".into(),
            ));
        }
        let mut fresh = Zeroizing::new([0u8; KEY_BYTES as usize]);
        getrandom::fill(&mut *fresh).map_err(|error| no_keyring(error.to_string()))?;
        self.write(SecretKind::OutboxKey, &*fresh)?;
        match self.read(SecretKind::OutboxKey)? {
            Some(bytes) if *bytes == *fresh => {
                RecordKey::from_bytes(&bytes).ok_or_else(|| no_keyring("the outbox key has a wrong length".into()))
            }
            _ => Err(no_keyring("the key was saved and does not read back".into())),
        }
    }

    /// Key and certificate of the workstation, PEM; `None` when none were stored here.
    ///
    /// # Errors
    /// [`StationError::NoKeyring`]: locked, or the file can be read by others.
    pub fn identity(&self) -> Result<Option<SecretString>, StationError> {
        let Some(bytes) = self.read(SecretKind::Identity)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| no_keyring("the identity is no text".into()))?;
        Ok(Some(SecretString::from(text)))
    }

    /// Stores key and certificate in the place of those before.
    ///
    /// # Errors
    /// [`StationError::NoKeyring`]: they cannot be stored.
    pub fn store_identity(&self, pem: &SecretString) -> Result<(), StationError> {
        self.write(SecretKind::Identity, pem.expose_secret().as_bytes())
    }

    fn read(&self, what: SecretKind) -> Result<Option<Zeroizing<Vec<u8>>>, StationError> {
        match self {
            Self::Keyring { station } => match entry(station, what)?.get_secret() {
                Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
                Err(keyring::Error::NoEntry) => Ok(None),
                Err(error) => Err(no_keyring(error.to_string())),
            },
            Self::File { folder } => {
                let path = folder.join(what.name());
                check_private(&path)?;
                let bytes = read_bounded(&path, what.most_bytes()).map_err(|error| no_keyring(error.to_string()))?;
                Ok(bytes.map(Zeroizing::new))
            }
        }
    }

    fn write(&self, what: SecretKind, secret: &[u8]) -> Result<(), StationError> {
        match self {
            Self::Keyring { station } => entry(station, what)?
                .set_secret(secret)
                .map_err(|error| no_keyring(error.to_string())),
            Self::File { folder } => write_file(folder, what, secret).map_err(|error| no_keyring(error.to_string())),
        }
    }
}

fn entry(station: &StationId, what: SecretKind) -> Result<keyring::Entry, StationError> {
    let user = format!("{station}/{}", what.name());
    keyring::Entry::new(SERVICE, &user).map_err(|error| no_keyring(error.to_string()))
}

fn no_keyring(detail: String) -> StationError {
    StationError::NoKeyring { detail }
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
fn check_private(path: &Path) -> Result<(), StationError> {
    use std::os::unix::fs::PermissionsExt as _;
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            Err(no_keyring(format!("{} can be read by other accounts", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), StationError> {
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
        assert!(matches!(
            vault(data.path()).outbox_key(true),
            Err(StationError::NoKeyring { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        vault(data.path()).outbox_key(false).unwrap();
        let path = data.path().join("secrets/outbox-key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            vault(data.path()).outbox_key(true),
            Err(StationError::NoKeyring { .. })
        ));
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
                let refused = open().and_then(|vault| vault.outbox_key(true).map(drop));
                assert!(matches!(refused, Err(StationError::NoKeyring { .. })), "{refused:?}");
                let refused = enrolled_nowhere();
                assert!(matches!(refused, Err(EnrolError::NoKeyring { .. })), "{refused:?}");
            }
            other => panic!("asked for {other}"),
        }
    }

    /// Runs the child in a message bus of its own, after `before` (a shell command) has prepared it.
    fn in_a_session(home: &Path, before: &str, asked: &str) -> std::process::Output {
        let script = format!(
            "{before}\nexec timeout 60 \"$0\" --exact station::machine::secrets::tests::child_asks_the_keyring --ignored --nocapture"
        );
        std::process::Command::new("dbus-run-session")
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
    fn the_system_keyring_keeps_the_key_and_its_absence_is_said() {
        let home = tempfile::tempdir().unwrap();
        let unlocked = "printf parola | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
        for (before, asked) in [(unlocked, "keep"), (unlocked, "read"), ("true", "nobody")] {
            let output = in_a_session(home.path(), before, asked);
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.contains("1 passed"), "{asked}: {said}");
        }
    }
}
