//! `log proof` and `log policy`: one event's proof file checked without server, database or network, and the policy by which.
//!
//! Invariant: what is said of a copy is said of the bytes that were read here, against the hash in the event that was proven.
//! Deliberately absent: making proofs (`http::logs::proof`, the workstation's proof files), languages.

use super::config::{DataDir, Settings};
use super::error::ServerError;
use super::keys::load_signer;
use super::store::Store;
use crate::domain::audit::cosignature::WitnessKey;
use crate::domain::audit::details::EventKind;
use crate::domain::audit::tlog_proof::{MAX_PROOF, Proven, TlogProof, TlogProofError};
use crate::domain::audit::witness_policy::{self, Policy};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Checks a proof by a policy and, where a copy is given, that it is the file the proven event speaks of. Reads files; blocks.
///
/// # Errors
/// [`ServerError::File`]; [`ServerError::Policy`], [`ServerError::Proof`] or [`ServerError::OtherCopy`] for what does not hold.
pub fn check(proof: &Path, policy: &Path, copy: Option<&Path>) -> Result<Proven, ServerError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        move |source| ServerError::File { path, source }
    };
    let believed = Policy::parse(&bounded(policy, witness_policy::MAX_POLICY).map_err(unread(policy))?);
    let believed = believed.map_err(|fault| ServerError::Policy {
        path: policy.to_owned(),
        fault,
    })?;
    let text = String::from_utf8(bounded(proof, MAX_PROOF).map_err(unread(proof))?);
    let text = text.map_err(|_| TlogProofError::Malformed)?;
    let proven = TlogProof::parse(&text)?.verify(&believed)?;
    if let Some(copy) = copy {
        let sha256 = match proven.body.said().kind {
            EventKind::ExportEnd(end) => end.sha256,
            EventKind::Snapshot(snapshot) => snapshot.sha256,
            _ => None,
        };
        if sha256 != Some(digest(copy).map_err(unread(copy))?) {
            return Err(ServerError::OtherCopy { path: copy.to_owned() });
        }
    }
    Ok(proven)
}

/// At most one byte more than `most`, by which whoever reads it knows that it is too long.
fn bounded(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn digest(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hasher) = (File::open(path)?, Sha256::new());
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            read => hasher.update(block.get(..read).unwrap_or_default()),
        }
    }
}

/// The policy of this server's logs: its keys, and one of the witnesses it asks.
///
/// # Errors
/// [`ServerError`]: the data directory is not set up, a key cannot be read, or a witness's is none.
pub async fn policy(data: &DataDir) -> Result<String, ServerError> {
    data.check_set_up()?;
    let store = Store::open(data).await?;
    let logs = store.logs().await?;
    store.close().await;
    let keys = logs
        .iter()
        .map(|log| Ok(load_signer(&data.log_key(&log.controller))?.verifier()))
        .collect::<Result<Vec<_>, ServerError>>()?;
    let witnesses = Settings::load(data)?.witnesses;
    let witnesses = witnesses
        .iter()
        .map(|place| {
            let key = place.vkey.parse();
            key.map_err(|error| ServerError::Key(format!("{}: {error}", place.url)))
        })
        .collect::<Result<Vec<WitnessKey>, ServerError>>()?;
    Ok(witness_policy::any_of(&keys, &witnesses))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_proof_or_policy_are_said_to_be_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (good, empty) = (file("policy", b"quorum none\n"), file("empty", b""));
        let binary = file("binary", &[0xff; 64]);
        let missing = dir.path().join("missing");
        assert!(matches!(check(&missing, &good, None), Err(ServerError::File { .. })));
        assert!(matches!(check(&empty, &missing, None), Err(ServerError::File { .. })));
        assert!(matches!(check(&empty, &empty, None), Err(ServerError::Policy { .. })));
        for none in [&empty, &binary] {
            let refused = check(none, &good, None);
            assert!(matches!(refused, Err(ServerError::Proof(TlogProofError::Malformed))));
        }
    }
}
