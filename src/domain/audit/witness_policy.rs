//! C2SP tlog-policy: which logs are believed, and which of the known witnesses must have cosigned a checkpoint.
//!
//! Lines of words: `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> all|any|<k> <name>…`, `quorum <name>`, and
//! `#` for a remark. Names are octets; a name is defined before it is used, once, and is a member of one group at most.
//! Invariant: a checkpoint that [`Policy::accept`] gives back is signed by a listed log under its own name and cosigned by the
//! quorum; a known witness's line that does not verify refuses it whatever the quorum.
//! Deliberately absent: URLs (nothing is asked by a policy here) and logs with other keys than Ed25519.

use super::checkpoint::{self, Checkpoint, CheckpointError};
use super::cosignature::WitnessKey;
use super::note::{NoteError, VerifierKey};
use std::fmt::Write as _;

/// Longest policy read, bytes.
pub const MAX_POLICY: usize = 1024 * 1024;
/// Most logs, witnesses and groups read, each.
const MOST: usize = 256;
/// The name of the quorum that asks for nobody.
const NONE: &[u8] = b"none";

/// Why a text is not a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("longer than {MAX_POLICY} bytes")]
    TooLong,
    /// Counts from 1.
    #[error("line {line}: {fault}")]
    Line { line: usize, fault: PolicyFault },
    #[error("no line says which quorum is asked for")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    #[error("a control character")]
    ControlCharacter,
    #[error("not a line of a policy")]
    Syntax,
    #[error("not a key that is read here")]
    Key,
    #[error("the key stands on an earlier line")]
    KeyAgain,
    #[error("the name stands on an earlier line")]
    NameAgain,
    #[error("a name that no earlier line defines")]
    UnknownName,
    #[error("a member of two groups")]
    MemberAgain,
    #[error("a number of members that the group has not")]
    Threshold,
    #[error("a second quorum")]
    QuorumAgain,
    #[error("more than {MOST} of a kind")]
    TooMany,
}

/// Why a checkpoint is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    #[error("no listed log signed it under its name")]
    OfNoLog,
    #[error("the line of a witness")]
    Witness(#[source] NoteError),
    #[error("too few of the witnesses cosigned it")]
    Quorum,
    #[error("the checkpoint")]
    Checkpoint(#[from] CheckpointError),
}

/// A checkpoint that a policy accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub checkpoint: Checkpoint,
    /// The names in the keys of the witnesses that cosigned, each with the time it says, Unix seconds.
    pub cosigned: Vec<(String, u64)>,
}

/// What a name stands for.
#[derive(Debug, Clone)]
enum Meaning {
    Witness(WitnessKey),
    Group { least: usize, members: Vec<usize> },
}

#[derive(Debug, Clone)]
struct Named {
    name: Vec<u8>,
    meaning: Meaning,
    is_member: bool,
}

#[derive(Debug, Clone, Copy)]
enum Quorum {
    None,
    Of(usize),
}

/// A policy.
#[derive(Debug, Clone)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    named: Vec<Named>,
    quorum: Quorum,
}

/// The policy that names these logs and asks for the word of one of these witnesses, or of none when there is none, as text.
pub fn any_of(logs: &[VerifierKey], witnesses: &[WitnessKey]) -> String {
    let mut text = String::new();
    for log in logs {
        let _ = writeln!(text, "log {log}");
    }
    // Names mean something inside the file only, and those of two witnesses might be one.
    let mut names = String::new();
    for (number, witness) in (1..).zip(witnesses) {
        let _ = writeln!(text, "witness w{number} {witness}");
        let _ = write!(names, " w{number}");
    }
    if witnesses.is_empty() {
        text.push_str("quorum none\n");
    } else {
        let _ = writeln!(text, "group witnesses any{names}\nquorum witnesses");
    }
    text
}

/// A policy as far as it is read.
#[derive(Default)]
struct Reading {
    logs: Vec<VerifierKey>,
    named: Vec<Named>,
    quorum: Option<Quorum>,
}

impl Reading {
    fn line(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let text = |word: &[u8]| std::str::from_utf8(word).ok().map(str::to_owned);
        match *words {
            [b"log", key] | [b"log", key, _] => {
                let key: VerifierKey = text(key).and_then(|key| key.parse().ok()).ok_or(PolicyFault::Key)?;
                if self.logs.iter().any(|log| log.is_same_key(&key)) {
                    return Err(PolicyFault::KeyAgain);
                }
                self.logs.push(key);
                within(self.logs.len())
            }
            [b"witness", name, key] | [b"witness", name, key, _] => {
                let key: WitnessKey = text(key).and_then(|key| key.parse().ok()).ok_or(PolicyFault::Key)?;
                let known =
                    |named: &Named| matches!(&named.meaning, Meaning::Witness(other) if other.is_same_key(&key));
                if self.named.iter().any(known) {
                    return Err(PolicyFault::KeyAgain);
                }
                self.define(name, Meaning::Witness(key))
            }
            [b"group", name, least, ref members @ ..] if !members.is_empty() => {
                let least = match least {
                    b"all" => members.len(),
                    b"any" => 1,
                    number => decimal(number).ok_or(PolicyFault::Syntax)?,
                };
                if !(1..=members.len()).contains(&least) {
                    return Err(PolicyFault::Threshold);
                }
                let mut places = Vec::new();
                for member in members {
                    let place = self.place(member)?;
                    let named = self.named.get_mut(place).ok_or(PolicyFault::UnknownName)?;
                    if std::mem::replace(&mut named.is_member, true) {
                        return Err(PolicyFault::MemberAgain);
                    }
                    places.push(place);
                }
                self.define(name, Meaning::Group { least, members: places })
            }
            [b"quorum", name] => {
                let quorum = if name == NONE {
                    Quorum::None
                } else {
                    Quorum::Of(self.place(name)?)
                };
                match self.quorum.replace(quorum) {
                    Some(_) => Err(PolicyFault::QuorumAgain),
                    None => Ok(()),
                }
            }
            _ => Err(PolicyFault::Syntax),
        }
    }

    fn place(&self, name: &[u8]) -> Result<usize, PolicyFault> {
        let place = self.named.iter().position(|named| named.name == name);
        place.ok_or(PolicyFault::UnknownName)
    }

    fn define(&mut self, name: &[u8], meaning: Meaning) -> Result<(), PolicyFault> {
        if name == NONE || self.place(name).is_ok() {
            return Err(PolicyFault::NameAgain);
        }
        self.named.push(Named {
            name: name.to_vec(),
            meaning,
            is_member: false,
        });
        within(self.named.len())
    }
}

fn within(count: usize) -> Result<(), PolicyFault> {
    if count <= MOST {
        Ok(())
    } else {
        Err(PolicyFault::TooMany)
    }
}

/// A number in decimal, without sign or leading zero.
fn decimal(word: &[u8]) -> Option<usize> {
    let word = std::str::from_utf8(word).ok()?;
    word.parse().ok().filter(|number: &usize| number.to_string() == word)
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`]: it is too long, a line is none, or no quorum is named.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        if file.len() > MAX_POLICY {
            return Err(PolicyError::TooLong);
        }
        let mut reading = Reading::default();
        for (at, line) in file.split(|octet| *octet == b'\n').enumerate() {
            let wrong = |fault| PolicyError::Line { line: at + 1, fault };
            if line.iter().any(|octet| *octet != b'\t' && octet.is_ascii_control()) {
                return Err(wrong(PolicyFault::ControlCharacter));
            }
            let words = line.split(|octet| matches!(octet, b' ' | b'\t'));
            let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
            if words.first().is_some_and(|word| !word.starts_with(b"#")) {
                reading.line(&words).map_err(wrong)?;
            }
        }
        Ok(Self {
            quorum: reading.quorum.ok_or(PolicyError::NoQuorum)?,
            logs: reading.logs,
            named: reading.named,
        })
    }

    /// Checks a signed checkpoint.
    ///
    /// # Errors
    /// [`NotAccepted`]: why it is not believed.
    pub fn accept(&self, note: &str) -> Result<Accepted, NotAccepted> {
        let checkpoint = self.signed(note)?;
        let mut cosigned = Vec::new();
        // Groups name only what stands before them.
        let mut has_seen = Vec::with_capacity(self.named.len());
        for named in &self.named {
            let seen = match &named.meaning {
                Meaning::Witness(key) => match key.seen(note) {
                    Ok(time_s) => {
                        cosigned.push((key.name().to_owned(), time_s));
                        true
                    }
                    Err(NoteError::NotSigned) => false,
                    Err(error) => return Err(NotAccepted::Witness(error)),
                },
                Meaning::Group { least, members } => {
                    let seen = |place: &&usize| has_seen.get(**place).copied().unwrap_or(false);
                    members.iter().filter(seen).count() >= *least
                }
            };
            has_seen.push(seen);
        }
        let is_enough = match self.quorum {
            Quorum::None => true,
            Quorum::Of(place) => has_seen.get(place).copied().unwrap_or(false),
        };
        if is_enough {
            Ok(Accepted { checkpoint, cosigned })
        } else {
            Err(NotAccepted::Quorum)
        }
    }

    fn signed(&self, note: &str) -> Result<Checkpoint, NotAccepted> {
        for log in &self.logs {
            match checkpoint::verify(note, log) {
                Ok(checkpoint) => return Ok(checkpoint),
                Err(CheckpointError::Note(NoteError::NotSigned) | CheckpointError::OtherOrigin) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(NotAccepted::OfNoLog)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cosignature::{CosignatureKind, Cosigner};
    use super::super::hash::Hash;
    use super::super::note::SignerKey;
    use super::*;

    fn log() -> SignerKey {
        SignerKey::new("vedetta/020001/prova", &[1; 32]).unwrap()
    }

    fn witness(number: u8) -> Cosigner {
        let kind = CosignatureKind::ALL[usize::from(number) % 2];
        Cosigner::new(&format!("testimone-{number}"), kind, &[number; 32]).unwrap()
    }

    fn note(witnesses: &[u8]) -> String {
        let checkpoint = Checkpoint {
            origin: "vedetta/020001/prova".into(),
            size: 3,
            root: Hash([5; 32]),
        };
        let mut note = checkpoint::sign(&checkpoint, &log());
        for number in witnesses {
            note.push_str(&witness(*number).cosign(&checkpoint.text(), 7).unwrap());
        }
        note
    }

    /// Two of three, and one of two: the specification's example.
    fn two_levels() -> String {
        let mut text = format!("# a remark\n\nlog {} https://log.example/\n", log().verifier());
        for (name, number) in [("X1", 2), ("X2", 3), ("X3", 4), ("Y1", 5), ("Y2", 6)] {
            let _ = writeln!(text, "  witness\t{name} {}", witness(number).verifier());
        }
        text.push_str("group X 2 X1 X2 X3\ngroup Y any Y1 Y2\ngroup both all X Y\nquorum both\n");
        text
    }

    #[test]
    fn r_aud_2_a_quorum_of_groups_is_counted_as_the_specification_says() {
        let policy = Policy::parse(two_levels().as_bytes()).unwrap();
        for (witnesses, is_enough) in [
            (&[][..], false),
            (&[2, 3], false),
            (&[2, 5], false),
            (&[5, 6], false),
            (&[2, 4, 6], true),
            (&[2, 3, 4, 5, 6], true),
        ] {
            let accepted = policy.accept(&note(witnesses));
            assert_eq!(accepted.is_ok(), is_enough, "{witnesses:?}: {accepted:?}");
            if let Ok(accepted) = accepted {
                assert_eq!(accepted.cosigned.len(), witnesses.len());
                assert_eq!(accepted.cosigned[0], ("testimone-2".to_owned(), 7));
            }
        }
        // Witnesses that the policy does not know count for nothing.
        assert_eq!(policy.accept(&note(&[8, 9, 10])), Err(NotAccepted::Quorum));
    }

    #[test]
    fn r_aud_2_a_wrong_line_of_a_known_witness_or_another_log_is_not_accepted() {
        let policy = Policy::parse(two_levels().as_bytes()).unwrap();
        let good = note(&[2, 4, 6]);
        let other = note(&[2, 4, 6]).replace("\n3\n", "\n4\n");
        assert!(matches!(policy.accept(&other), Err(NotAccepted::Checkpoint(_))));
        let text = good.split_once("\n\n").unwrap().0.replace("\n3\n", "\n4\n");
        let forged = format!(
            "{}{}",
            log().sign_note(&format!("{text}\n")),
            good.split_once("\n\n").unwrap().1.split_once('\n').unwrap().1
        );
        assert_eq!(
            policy.accept(&forged),
            Err(NotAccepted::Witness(NoteError::WrongSignature))
        );
        let stranger = SignerKey::new("vedetta/020001/altro", &[9; 32]).unwrap();
        let strange = stranger.sign_note("vedetta/020001/altro\n3\nBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=\n");
        assert_eq!(policy.accept(&strange), Err(NotAccepted::OfNoLog));
        assert!(matches!(policy.accept(""), Err(NotAccepted::Checkpoint(_))));
    }

    #[test]
    fn r_aud_2_the_policy_of_a_log_asks_for_one_of_its_witnesses() {
        let keys = [2, 3].map(|number| witness(number).verifier());
        let policy = Policy::parse(any_of(&[log().verifier()], &keys).as_bytes()).unwrap();
        assert_eq!(policy.accept(&note(&[])), Err(NotAccepted::Quorum));
        assert!(policy.accept(&note(&[3])).is_ok());
        let alone = Policy::parse(any_of(&[log().verifier()], &[]).as_bytes()).unwrap();
        assert!(alone.accept(&note(&[])).is_ok());
    }

    #[test]
    fn policies_that_say_nothing_certain_are_refused_by_line() {
        let key = witness(2).verifier();
        let renamed = key.to_string();
        let log = log().verifier();
        let mut many = String::new();
        for number in 0..=MOST {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&number.to_be_bytes());
            let key = SignerKey::new("vedetta/020001/prova", &seed).unwrap().verifier();
            let _ = writeln!(many, "log {key}");
        }
        for (text, fault, line) in [
            (format!("log {key}\nquorum none\n"), PolicyFault::Key, 1),
            (format!("log {log}\nlog {log}\n"), PolicyFault::KeyAgain, 2),
            (
                format!("witness a {key}\nwitness b {renamed}\n"),
                PolicyFault::KeyAgain,
                2,
            ),
            (format!("witness none {key}\n"), PolicyFault::NameAgain, 1),
            (format!("witness a {key}\ngroup a any a\n"), PolicyFault::NameAgain, 2),
            (format!("witness a {key}\ngroup b 2 a\n"), PolicyFault::Threshold, 2),
            (format!("witness a {key}\ngroup b 0 a\n"), PolicyFault::Threshold, 2),
            (format!("witness a {key}\ngroup b 01 a\n"), PolicyFault::Syntax, 2),
            (
                format!("witness a {key}\ngroup b all a a\n"),
                PolicyFault::MemberAgain,
                2,
            ),
            (
                format!("witness a {key}\ngroup b any a\ngroup c any a\n"),
                PolicyFault::MemberAgain,
                3,
            ),
            ("group b any none\n".to_owned(), PolicyFault::UnknownName, 1),
            ("quorum later\n".to_owned(), PolicyFault::UnknownName, 1),
            ("quorum none\nquorum none\n".to_owned(), PolicyFault::QuorumAgain, 2),
            ("quorum none\r\n".to_owned(), PolicyFault::ControlCharacter, 1),
            ("group\n".to_owned(), PolicyFault::Syntax, 1),
            ("group b any\n".to_owned(), PolicyFault::Syntax, 1),
            (many, PolicyFault::TooMany, MOST + 1),
        ] {
            let refused = Policy::parse(text.as_bytes()).map(drop);
            assert_eq!(refused, Err(PolicyError::Line { line, fault }), "{text}");
        }
        assert_eq!(Policy::parse(b"# nothing\n").map(drop), Err(PolicyError::NoQuorum));
        assert_eq!(
            Policy::parse(&vec![b'\n'; MAX_POLICY + 1]).map(drop),
            Err(PolicyError::TooLong)
        );
    }

    #[test]
    fn names_of_a_policy_are_octets() {
        let text = [
            b"witness \xff ".to_vec(),
            witness(3).verifier().to_string().into_bytes(),
        ]
        .concat();
        let kelvin = [text.as_slice(), b"\nquorum \xff\n"].concat();
        assert!(Policy::parse(&kelvin).is_ok());
        let other = [text.as_slice(), b"\nquorum \xfe\n"].concat();
        assert!(Policy::parse(&other).is_err());
    }
}
