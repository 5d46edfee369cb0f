//! The sequencer by itself, on an embedded database.
//!
//! Deliberately absent: the network and the signer (tests of the server).

use super::*;
use crate::domain::audit::details::live::ViewOpen;
use crate::domain::audit::leaf;
use crate::domain::audit::note::SignerKey;
use crate::domain::audit::signing_time::TimeFault;
use crate::server::log::signer::Signer;
use crate::server::store::search::Wanted;
use crate::server::store::testing;

struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    log: Log,
    sequencer: Sequencer,
}

async fn bench() -> Bench {
    let (dir, store, log) = testing::store().await;
    let data = DataDir::new(dir.path());
    let (sequencer, _task) = Sequencer::start(&data, store.clone(), vec![log.clone()], Arc::default()).unwrap();
    Bench {
        dir,
        store,
        log,
        sequencer,
    }
}

/// Events `from..to` of a station; `salt` makes another history of the same station.
fn events(station: &str, from: u64, to: u64, salt: u8) -> Vec<Submitted> {
    let station: StationId = station.parse().unwrap();
    let mut chain = StationChain::new(station.clone());
    let event = own_event("borgo".parse().unwrap(), station, ViewOpen::default(), Outcome::Intent);
    let mut all = Vec::new();
    for _ in 0..to {
        let at = Moment {
            boot: uuid::Uuid::nil(),
            time: jiff::Timestamp::UNIX_EPOCH,
            mono_ms: 0,
        };
        let mut body = event.body.clone();
        body.act = uuid::Uuid::nil();
        let sealed = chain.seal(RetentionClass::Police, at, [salt; 32], &body).unwrap();
        chain.advance(sealed.leaf_hash);
        all.push(Submitted {
            leaf: Leaf::parse(&sealed.leaf).unwrap(),
            taken: Taken::Readable(Keys::of_own(&body, at.time)),
            sealed,
        });
    }
    all.split_off(from as usize)
}

impl Bench {
    async fn submit(&self, station: &str, events: Vec<Submitted>) -> Answer {
        self.sequencer
            .submit(self.log.controller.clone(), station.parse().unwrap(), events)
            .await
    }
}

#[tokio::test]
async fn r_aud_2_the_same_bytes_get_the_same_index_again() {
    let bench = bench().await;
    let first = bench.submit("sala", events("sala", 0, 5, 1)).await.unwrap();
    assert_eq!(
        first.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4]
    );
    assert_eq!(bench.submit("sala", events("sala", 0, 5, 1)).await.unwrap(), first);
    let overlapping = bench.submit("sala", events("sala", 3, 8, 1)).await.unwrap();
    assert_eq!(overlapping[..2], first[3..]);
    assert_eq!(bench.store.size(&bench.log).await.unwrap(), 8);
}

#[tokio::test]
async fn r_aud_2_gaps_and_forks_are_refused_and_nothing_of_the_batch_enters() {
    let bench = bench().await;
    assert_eq!(
        bench.submit("sala", events("sala", 2, 5, 1)).await,
        Err(Rejection::Gap { expected: 0 })
    );
    bench.submit("sala", events("sala", 0, 3, 1)).await.unwrap();
    assert_eq!(
        bench.submit("sala", events("sala", 3, 5, 2)).await,
        Err(Rejection::Gap { expected: 3 })
    );
    let mut torn = events("sala", 3, 6, 1);
    torn.remove(1);
    assert_eq!(bench.submit("sala", torn).await, Err(Rejection::Gap { expected: 4 }));
    assert_eq!(
        bench.submit("altra", events("sala", 0, 1, 1)).await,
        Err(Rejection::OtherStation)
    );
    assert_eq!(bench.store.size(&bench.log).await.unwrap(), 3);
}

#[tokio::test]
async fn r_aud_2_other_bytes_for_one_seq_are_an_equivocation_and_are_recorded() {
    let bench = bench().await;
    bench.submit("sala", events("sala", 0, 3, 1)).await.unwrap();
    let forked = bench.submit("sala", events("sala", 0, 1, 2)).await;
    assert_eq!(forked, Err(Rejection::Equivocation { seq: 0 }));
    let entries = bench.store.entries(&bench.log, 3, 10).await.unwrap();
    assert_eq!(entries.len(), 1, "the equivocation itself, nothing of the fork");
    assert_eq!(entries[0].station, OWN_STATION);
    assert!(entries[0].opening.as_ref().unwrap().1.contains("\"equivocation\""));
}

#[tokio::test]
async fn many_stations_at_once_give_one_tree_that_reads_back() {
    let bench = bench().await;
    let stations: Vec<String> = (0..12).map(|n| format!("posto-{n}")).collect();
    let batches = stations.iter().map(|name| bench.submit(name, events(name, 0, 20, 1)));
    for placed in futures::future::join_all(batches).await {
        assert_eq!(placed.unwrap().len(), 20);
    }
    let mut frontier = Frontier::default();
    for entry in bench.store.entries(&bench.log, 0, 1000).await.unwrap() {
        assert_eq!(entry.index, frontier.size());
        frontier.append(leaf::leaf_hash(entry.leaf.as_bytes()));
    }
    assert_eq!(frontier.size(), 240);
    assert_eq!(bench.store.frontier(&bench.log, 240).await.unwrap(), frontier);
}

#[tokio::test]
async fn r_aud_2_the_first_signature_waits_for_a_workstation_that_agrees_or_an_order() {
    for by_order in [false, true] {
        let bench = bench().await;
        let data = DataDir::new(bench.dir.path());
        let key = SignerKey::new(&bench.log.origin, &[4; 32]).unwrap();
        Signer::create(&data, &bench.log, &key).unwrap();
        let signer = Signer::open(&data, bench.log.clone(), key).unwrap();
        bench.submit("sala", events("sala", 0, 2, 1)).await.unwrap();
        let (right, wrong) = (60_000, now_ms());
        let refused = signer.step(&bench.store, wrong).await.unwrap_err();
        let apart = TimeFault::Apart { off_ms: wrong };
        assert!(
            matches!(refused, ServerError::ClockRefused { fault, .. } if fault == apart),
            "{refused}"
        );
        if by_order {
            signer.accept_time(wrong).await.unwrap();
            assert!(signer.step(&bench.store, wrong + 1).await.unwrap());
        } else {
            assert!(signer.step(&bench.store, right).await.unwrap());
        }
        assert_eq!(signer.published().borrow().size, 2);
    }
}

#[tokio::test]
async fn r_aud_2_what_was_signed_is_put_back_and_only_where_it_belongs() {
    let bench = bench().await;
    let data = DataDir::new(bench.dir.path());
    let key = SignerKey::new(&bench.log.origin, &[4; 32]).unwrap();
    Signer::create(&data, &bench.log, &key).unwrap();
    bench.submit("sala", events("sala", 0, 5, 1)).await.unwrap();
    bench.submit("altra", events("altra", 0, 3, 1)).await.unwrap();
    bench.submit("sala", events("sala", 5, 9, 1)).await.unwrap();
    let signer = Signer::open(&data, bench.log.clone(), key).unwrap();
    // As the clocks of these workstations have it.
    assert!(signer.step(&bench.store, 60_000).await.unwrap());
    let root = bench.store.frontier(&bench.log, 12).await.unwrap().root();

    // Databases of before: the first five events, and five of another history.
    for (salt, left) in [(1, 12), (2, 5)] {
        let (dir, store, log) = testing::store().await;
        let (sequencer, _task) = Sequencer::start(&data, store.clone(), vec![log.clone()], Arc::default()).unwrap();
        let before = DataDir::new(dir.path());
        let (earlier, task) = Sequencer::start(&before, store.clone(), vec![log.clone()], Arc::default()).unwrap();
        let sala: StationId = "sala".parse().unwrap();
        let first = events("sala", 0, 5, salt);
        earlier
            .submit(log.controller.clone(), sala.clone(), first)
            .await
            .unwrap();
        drop(earlier);
        task.await.unwrap();
        sequencer.take_up(log.controller.clone()).await.unwrap();
        assert_eq!(store.size(&log).await.unwrap(), left, "history {salt}");
        let same = store.frontier(&log, left).await.unwrap().root() == root;
        assert_eq!(same, salt == 1);
        // What a station says again has the index it had, and the chain goes on after what was put back.
        if salt == 1 {
            let again = sequencer
                .submit(log.controller.clone(), sala, events("sala", 3, 10, 1))
                .await
                .unwrap();
            let indices: Vec<_> = again.iter().map(|(index, _)| *index).collect();
            assert_eq!(indices, [3, 4, 8, 9, 10, 11, 12]);
            let wanted = Wanted {
                operation: Some("view_open".into()),
                ..Wanted::default()
            };
            let found = store.search(&log, &wanted, None, 20).await.unwrap();
            assert_eq!(found.len(), 13, "it is found again");
        }
    }
}

#[tokio::test]
async fn r_aud_2_what_is_set_aside_has_its_place_and_its_record_and_comes_back_as_it_was() {
    let bench = bench().await;
    let data = DataDir::new(bench.dir.path());
    let key = SignerKey::new(&bench.log.origin, &[4; 32]).unwrap();
    Signer::create(&data, &bench.log, &key).unwrap();
    let mut batch = events("sala", 0, 3, 1);
    batch[1].taken = Taken::Aside(Aside {
        fault: AsideWord::Unreadable,
        code: None,
    });
    let placed = bench.submit("sala", batch.clone()).await.unwrap();
    let indices: Vec<_> = placed.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, [0, 1, 3], "the record stands beside it");
    assert_eq!(bench.submit("sala", batch.clone()).await.unwrap(), placed, "once");
    let entries = bench.store.entries(&bench.log, 0, 10).await.unwrap();
    let aside: Vec<bool> = entries.iter().map(|entry| entry.is_aside).collect();
    assert_eq!(aside, [false, true, false, false]);
    assert_eq!(entries[1].opening.as_ref().unwrap().1, batch[1].sealed.body);
    let record = &entries[2].opening.as_ref().unwrap().1;
    let expected = r#""operation":"event_set_aside","result":"done","parameters":{"fault":"unreadable","index":1,"seq":1,"station":"sala"}"#;
    assert!(record.contains(expected), "{record}");
    let wanted = Wanted {
        operation: Some("view_open".into()),
        ..Wanted::default()
    };
    assert_eq!(bench.store.search(&bench.log, &wanted, None, 9).await.unwrap().len(), 2);

    // A database that lost all of it is given it back.
    let signer = Signer::open(&data, bench.log.clone(), key).unwrap();
    assert!(signer.step(&bench.store, 60_000).await.unwrap());
    let (_dir, store, log) = testing::store().await;
    let (sequencer, _task) = Sequencer::start(&data, store.clone(), vec![log.clone()], Arc::default()).unwrap();
    sequencer.take_up(log.controller.clone()).await.unwrap();
    assert_eq!(store.entries(&log, 0, 10).await.unwrap(), entries);
    assert_eq!(store.search(&log, &wanted, None, 9).await.unwrap().len(), 2);
}
