//! The clips of all fixed cameras, each made once, when first needed.
//!
//! Invariant: two threads that need the same clip wait for one encoding. Deliberately absent: live pictures of domes.

use super::clip::Clip;
use super::encode;
use super::town::{CameraSite, StreamSpec, Town};
use crate::domain::camera::{CameraId, CameraKind, StreamRole};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

type Slot = OnceLock<Option<Arc<Clip>>>;

/// Clips by camera and role.
#[derive(Debug)]
pub struct Footage {
    town: Arc<Town>,
    cache: Option<PathBuf>,
    slots: HashMap<(CameraId, StreamRole), Slot>,
    /// Clips in another size or codec than the camera's own, made when a fault asks for them.
    others: Mutex<HashMap<(CameraId, StreamSpec), Arc<Slot>>>,
}

impl Footage {
    /// Footage of a town; nothing is encoded yet. The cache directory must exist.
    pub fn new(town: Arc<Town>, cache: Option<PathBuf>) -> Self {
        let fixed = town.sites.iter().filter(|site| site.kind == CameraKind::Fixed);
        let slots = fixed
            .flat_map(|site| {
                site.streams
                    .iter()
                    .map(|spec| ((site.id.clone(), spec.role), OnceLock::new()))
            })
            .collect();
        Self {
            town,
            cache,
            slots,
            others: Mutex::default(),
        }
    }

    /// The town that is filmed.
    pub fn town(&self) -> &Arc<Town> {
        &self.town
    }

    /// The clip of a fixed camera's stream; encodes it here and now if nobody has. `None` for domes and when the
    /// encoder failed (which is logged once).
    pub fn clip(&self, site: &CameraSite, role: StreamRole) -> Option<Arc<Clip>> {
        let spec = site.stream(role)?;
        let slot = self.slots.get(&(site.id.clone(), role))?;
        slot.get_or_init(|| self.make(site, spec)).clone()
    }

    /// The clip of a view as another stream; encoded here and now the first time.
    pub fn clip_as(&self, site: &CameraSite, spec: &StreamSpec) -> Option<Arc<Clip>> {
        if site.stream(spec.role) == Some(spec) {
            return self.clip(site, spec.role);
        }
        let slot = {
            let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(others.entry((site.id.clone(), spec.clone())).or_default())
        };
        slot.get_or_init(|| self.make(site, spec)).clone()
    }

    fn make(&self, site: &CameraSite, spec: &StreamSpec) -> Option<Arc<Clip>> {
        match encode::clip(&self.town, site, spec, self.cache.as_deref()) {
            Ok(clip) => Some(Arc::new(clip)),
            Err(error) => {
                tracing::error!(camera = %site.id, ?spec, error = &error as &dyn std::error::Error, "no clip");
                None
            }
        }
    }

    /// Makes every clip of this role on as many threads as given; returns when all are made or `stop` is set.
    /// How many could not be made.
    pub fn make_all(&self, role: StreamRole, threads: usize, stop: &AtomicBool) -> usize {
        let next = AtomicUsize::new(0);
        let missing = AtomicUsize::new(0);
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                let Some(site) = self.town.sites.get(next.fetch_add(1, Ordering::Relaxed)) else {
                    return;
                };
                if site.kind == CameraKind::Fixed && self.clip(site, role).is_none() {
                    missing.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(work);
            }
        });
        missing.into_inner()
    }
}
