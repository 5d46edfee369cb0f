//! Commands of `vedetta-audit` that a log line or a screen names, as they are typed into a shell on the server's machine.
//!
//! Invariant: the data folder is one word of a POSIX shell (IEEE Std 1003.1, Shell Command Language §2.2.2), whatever characters its
//! path has; what only the person can say is left as «…». Deliberately absent: running them.

use super::camera::ControllerId;

/// The recorded command that accepts the server's clock for a controller's log, with its data folder.
pub fn accept_time(data: &str, controller: &ControllerId) -> String {
    let data = word(data);
    format!("vedetta-audit log accept-time --data {data} --controller {controller} --reason …")
}

/// The recorded command by which two supervisors accept that a controller's log lost what workstations saw, with its data folder.
pub fn new_beginning(data: &str, controller: &ControllerId) -> String {
    let data = word(data);
    format!("vedetta-audit log new-beginning --data {data} --controller {controller} --first … --second … --reason …")
}

/// A text as one word of a shell: as it is where nothing in it means anything to a shell, in single quotes otherwise.
fn word(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_@%+=:,./-".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    fn borgo() -> ControllerId {
        "borgo".parse().unwrap()
    }

    #[test]
    fn r_aud_2_a_folder_without_blanks_stands_as_it_is_and_one_with_them_in_quotes() {
        for (folder, typed) in [
            ("/var/lib/vedetta", "/var/lib/vedetta"),
            ("/srv/Dati del Comune", "'/srv/Dati del Comune'"),
            ("/srv/dell'ufficio", r"'/srv/dell'\''ufficio'"),
            ("", "''"),
        ] {
            assert_eq!(
                accept_time(folder, &borgo()),
                format!("vedetta-audit log accept-time --data {typed} --controller borgo --reason …")
            );
            let anew = new_beginning(folder, &borgo());
            assert!(
                anew.starts_with(&format!(
                    "vedetta-audit log new-beginning --data {typed} --controller borgo --first "
                )),
                "{anew}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn r_aud_2_a_shell_reads_the_folder_back(folder in r#"[ -~àèìòù]{0,24}"#) {
            // What stands for the person's own words is no word of a shell here.
            let command = accept_time(&folder, &borgo()).replacen("vedetta-audit", "printf '%s\\n'", 1);
            let said = Command::new("sh").args(["-c", &command]).output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            prop_assert_eq!(said.lines().nth(3), Some(folder.as_str()));
        }
    }
}
