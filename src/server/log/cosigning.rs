//! Asks the witnesses to cosign what was signed, and keeps the last checkpoint they did.
//!
//! Invariant: what is kept carries at least one cosignature that was verified here. A witness that is away or objects
//! stops nothing: the span it has not seen is shown (`/metrics`, `log verify`), and it is asked again.
//! Deliberately absent: what a witness decides (`domain::audit::witness`).

use super::signed_state::SignedState;
use crate::domain::audit::checkpoint;
use crate::domain::audit::cosignature::WitnessKey;
use crate::domain::audit::note::VerifierKey;
use crate::domain::audit::proof::consistency_recipe;
use crate::domain::audit::witness::Ask;
use crate::server::causes::causes;
use crate::server::config::{DataDir, WitnessPlace, read_text, write_whole};
use crate::server::error::ServerError;
use crate::server::store::{Log, Store};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// Longest call to a witness.
const CALL: Duration = Duration::from_secs(10);
/// Longest answer of a witness, bytes: several lines of ML-DSA-44, some 3,270 bytes each.
const MAX_ANSWER: usize = 64 * 1024;
/// Pause between rounds, and after one in which no witness cosigned.
const PAUSE: Duration = Duration::from_secs(1);
const LONG_PAUSE: Duration = Duration::from_secs(10);

/// How far witnesses have seen a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Witnessed {
    pub size: u64,
    /// The checkpoint with its cosignatures; empty before the first.
    pub note: String,
}

struct Place {
    url: String,
    key: WitnessKey,
    /// Size it is thought to know.
    knows: u64,
}

/// The witnesses of one log.
pub struct Witnesses {
    log: Log,
    key: VerifierKey,
    path: PathBuf,
    places: Vec<Place>,
    client: reqwest::Client,
    seen: watch::Sender<Witnessed>,
}

/// The last cosigned checkpoint of a log, if there is one and it is genuine.
pub fn last_witnessed(data: &DataDir, log: &Log, key: &VerifierKey) -> Witnessed {
    let note = read_text(&data.witnessed(&log.controller)).unwrap_or_default();
    match checkpoint::verify(&note, key) {
        Ok(seen) => Witnessed { size: seen.size, note },
        Err(_) => Witnessed::default(),
    }
}

impl Witnesses {
    /// Makes ready to ask; contacts nobody.
    ///
    /// # Errors
    /// A witness's key is not one.
    pub fn open(data: &DataDir, log: Log, key: VerifierKey, places: &[WitnessPlace]) -> Result<Self, ServerError> {
        let seen = last_witnessed(data, &log, &key);
        let places = places
            .iter()
            .map(|place| {
                Ok(Place {
                    url: place.url.trim_end_matches('/').to_owned(),
                    key: place
                        .vkey
                        .parse()
                        .map_err(|error| ServerError::Key(format!("{}: {error}", place.url)))?,
                    knows: seen.size,
                })
            })
            .collect::<Result<_, ServerError>>()?;
        let client = reqwest::Client::builder().no_proxy().timeout(CALL).build();
        Ok(Self {
            path: data.witnessed(&log.controller),
            client: client.map_err(|error| ServerError::Key(error.to_string()))?,
            log,
            key,
            places,
            seen: watch::Sender::new(seen),
        })
    }

    /// How far witnesses have seen, as it changes.
    pub fn seen(&self) -> watch::Receiver<Witnessed> {
        self.seen.subscribe()
    }

    /// Asks for as long as the signer lives.
    pub async fn run(mut self, store: Store, mut signed: watch::Receiver<SignedState>) {
        while !self.places.is_empty() {
            let state = signed.borrow_and_update().clone();
            let mut pause = PAUSE;
            if state.size > self.seen.borrow().size && !self.round(&store, &state).await {
                pause = LONG_PAUSE;
            }
            let signer_gone = async { while signed.changed().await.is_ok() {} };
            if tokio::time::timeout(pause, signer_gone).await.is_ok() {
                return;
            }
        }
    }

    /// Asks every witness about one checkpoint. Returns whether one cosigned it.
    async fn round(&mut self, store: &Store, state: &SignedState) -> bool {
        let mut note = state.note.clone();
        for place in &mut self.places {
            match ask(&self.client, store, &self.log, place, state).await {
                Ok(line) => note.push_str(&line),
                Err(error) => tracing::warn!(error, witness = place.key.name(), log = self.log.origin, "not cosigned"),
            }
        }
        let cosigned = note.len() > state.note.len() && checkpoint::verify(&note, &self.key).is_ok();
        if cosigned {
            match write_whole(&self.path, note.as_bytes(), 0o644) {
                Ok(()) => drop(self.seen.send_replace(Witnessed { size: state.size, note })),
                Err(error) => tracing::error!(error = %causes(&error), "the cosigned checkpoint was not kept"),
            }
        }
        cosigned
    }
}

async fn ask(
    client: &reqwest::Client,
    store: &Store,
    log: &Log,
    place: &mut Place,
    state: &SignedState,
) -> Result<String, String> {
    // Once with what it is thought to know, once with what it says it knows.
    for _ in 0..2 {
        let recipe = consistency_recipe(place.knows, state.size).ok_or("it knows a larger log")?;
        let proof = store.cook(log, &recipe).await.map_err(|error| error.to_string())?;
        let body = Ask {
            old: place.knows,
            proof,
            note: state.note.clone(),
        };
        let request = client.post(format!("{}/add-checkpoint", place.url)).body(body.encode());
        let response = request.send().await.map_err(|error| error.without_url().to_string())?;
        let status = response.status().as_u16();
        let text = bounded(response).await?;
        match status {
            200 => {
                let note = format!("{}{text}", state.note);
                place.key.seen(&note).map_err(|error| error.to_string())?;
                place.knows = state.size;
                return Ok(text);
            }
            409 => place.knows = text.trim().parse().map_err(|_| "a conflict without a size")?,
            422 => return Err("the witness did not accept the proof".into()),
            other => return Err(format!("status {other}")),
        }
    }
    Err("it does not know what it says".into())
}

async fn bounded(mut response: reqwest::Response) -> Result<String, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| error.without_url().to_string())?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err("an answer longer than agreed".into());
        }
    }
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::checkpoint::Checkpoint;
    use crate::domain::audit::cosignature::{CosignatureKind, Cosigner};
    use crate::domain::audit::hash::Hash;
    use crate::domain::audit::note::SignerKey;
    use crate::server::store::testing;
    use axum::http::StatusCode;

    /// A log with one signed entry, and a witness of it.
    fn signed(log: &Log) -> (SignedState, Cosigner) {
        let key = SignerKey::new(&log.origin, &[4; 32]).unwrap();
        let (origin, size, root) = (log.origin.clone(), 1, Hash([1; 32]));
        let checkpoint = Checkpoint { origin, size, root };
        let state = SignedState {
            origin: log.origin.clone(),
            size,
            root,
            time_ms: 1,
            note: checkpoint::sign(&checkpoint, &key),
        };
        (
            state,
            Cosigner::new("vicino", CosignatureKind::MlDsa44, &[5; 32]).unwrap(),
        )
    }

    /// What the server makes of a witness that answers so.
    async fn asked(status: StatusCode, answer: String) -> (Result<String, String>, u64) {
        let answering = axum::routing::post(move || async move { (status, answer) });
        let router = axum::Router::new().route("/add-checkpoint", answering);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let (_dir, store, log) = testing::store().await;
        let (state, witness) = signed(&log);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let key = witness.verifier();
        let mut place = Place { url, key, knows: 0 };
        let told = ask(&client, &store, &log, &mut place, &state).await;
        serving.abort();
        (told, place.knows)
    }

    /// The witness's line after this many lines of 4 KB that are another's.
    async fn long_answer(others: usize) -> String {
        let (_dir, _, log) = testing::store().await;
        let (state, witness) = signed(&log);
        let text = state.note.split_once("\n\n").unwrap().0;
        let line = witness.cosign(&format!("{text}\n"), 7).unwrap();
        let other = format!("— altro {}\n", "A".repeat(4000));
        other.repeat(others) + &line
    }

    #[tokio::test]
    async fn r_aud_2_a_witness_that_does_not_accept_the_proof_is_told_apart_from_one_that_fails() {
        for (status, body, told) in [
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                "proof not accepted\n",
                "the witness did not accept the proof",
            ),
            (StatusCode::CONFLICT, "unreadable", "a conflict without a size"),
            (StatusCode::CONFLICT, "2\n", "it knows a larger log"),
            (StatusCode::SERVICE_UNAVAILABLE, "", "status 503"),
        ] {
            let (error, _) = asked(status, body.to_owned()).await;
            assert_eq!(error, Err(told.to_owned()), "{status}");
        }
    }

    #[tokio::test]
    async fn r_aud_2_an_answer_of_sixty_four_kilobytes_is_read_and_a_longer_one_is_not() {
        let long = long_answer(14).await;
        assert!(long.len() > 56 * 1024 && long.len() < MAX_ANSWER, "{}", long.len());
        assert_eq!(asked(StatusCode::OK, long.clone()).await, (Ok(long), 1));
        let longer = long_answer(16).await;
        assert!(longer.len() > MAX_ANSWER);
        let told = Err("an answer longer than agreed".to_owned());
        assert_eq!(asked(StatusCode::OK, longer).await, (told, 0));
        let without = "— altro AAAAAAAA\n".to_owned();
        let (told, knows) = asked(StatusCode::OK, without).await;
        assert!(told.is_err() && knows == 0, "not the witness's own line: {told:?}");
    }
}
