//! After a group of jobs failed: which of them the database does not take, and the others all the same.
//!
//! Invariant: a job that cannot be kept stops no other; that it was offered is recorded, once for each event.
//! Deliberately absent: failures of the database itself: those stop everything that waits, and are tried again from outside.

use super::{Answer, Job, Rejection, Writer, own_event};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::log::StationRefused;
use crate::domain::audit::event::Outcome;
use crate::server::causes::causes;
use crate::server::store::StoreError;

/// Most events of which is remembered that they were recorded.
const TOLD: usize = 4_096;

impl Writer {
    /// Answers for a group of which nothing was written, for this reason.
    pub(super) async fn one_by_one(&mut self, jobs: &[Job], error: &StoreError) -> Vec<Answer> {
        tracing::error!(error = %causes(error), jobs = jobs.len(), "the log was not written");
        self.forget();
        let mut away = (!error.is_of_the_row()).then(|| error.to_string());
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            if let Some(why) = &away {
                answers.push(Err(Rejection::Unavailable(why.clone())));
                continue;
            }
            match self.transact(std::slice::from_ref(job)).await {
                Ok(alone) => answers.extend(alone),
                Err(error) if error.is_of_the_row() => {
                    tracing::error!(error = %causes(&error), "the database does not take an event");
                    self.forget();
                    self.tell(job, &error).await;
                    answers.push(Err(Rejection::NotTaken));
                }
                Err(error) => {
                    tracing::error!(error = %causes(&error), "the log was not written");
                    self.forget();
                    away = Some(error.to_string());
                    answers.push(Err(Rejection::Unavailable(error.to_string())));
                }
            }
        }
        answers
    }

    /// Records that a station offered what the database does not take.
    async fn tell(&mut self, job: &Job, error: &StoreError) {
        let Job::Batch { log, station, events } = job else {
            return;
        };
        let Some(first) = events.first().map(|event| event.leaf.seq) else {
            return;
        };
        if self.told.len() >= TOLD {
            self.told.clear();
        }
        if !self.told.insert((log.clone(), station.clone(), first)) {
            return;
        }
        let code = error.code().unwrap_or_default();
        let why = format!("the database does not take its events from seq {first} on: {code}");
        let refused = StationRefused::default().because(why).at(Some(station));
        let event = own_event(log.clone(), self.own.clone(), refused, Outcome::Refused);
        if let Err(error) = self.transact(&[Job::Own(Box::new(event))]).await {
            tracing::error!(error = %causes(&error), %station, first, "that a station was refused is not recorded");
            self.forget();
        }
    }
}
