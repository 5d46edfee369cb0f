//! One hand on one dome, from the first key to the last.
//!
//! Invariant: the dome is commanded only while the screen keeps saying that the key is held. The screen speaks every
//! [`REPEAT`](crate::domain::ptz::dead_man::REPEAT); when it is silent for [`SILENCE`], frozen or gone, the gesture ends by
//! itself.
//! Deliberately absent: limits, leases and recording (the station), keys (the screen).

use crate::domain::camera::CameraId;
use crate::domain::ptz::dead_man::SILENCE;
use crate::domain::ptz::steering::PictureVelocity;
use crate::gui::session_port::{PtzControl, PtzDrive};
use crate::station::Refusal;
use futures::{SinkExt, Stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Time a dome is given to reach the point or the zoom it was sent to, before the gesture ends.
pub const SETTLE: Duration = Duration::from_millis(2500);

/// What the hand wants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// Keep moving the picture like this.
    Velocity(PictureVelocity),
    /// A short press that wanted this is over; it was held for so long.
    Tap { wanted: PictureVelocity, held: Duration },
    /// Bring this point of the picture (0..1) to the centre.
    CentreOn { x: f64, y: f64 },
    /// Fill the picture with the rectangle between these corners (0..1).
    BoxZoom([[f64; 2]; 2]),
    /// Multiply the magnification.
    ZoomBy(f64),
}

/// What comes back.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The first command may go out: the lease is ours and the start is recorded.
    Begun,
    /// An order was refused; the gesture goes on.
    Refused(Arc<Refusal>),
    /// The gesture is over and the dome stands.
    Ended,
}

/// Speaks to a gesture. Dropping it ends the gesture.
pub type Orders = mpsc::Sender<Order>;

/// Starts a gesture: orders go in by the sender, news come out of the stream.
pub fn begin(desk: Arc<dyn PtzControl>, camera: CameraId) -> (Orders, impl Stream<Item = News>) {
    let (orders, mut incoming) = mpsc::channel(8);
    let stream = iced::stream::channel(8, async move |mut news: futures::channel::mpsc::Sender<News>| {
        let refused = |refusal| News::Refused(Arc::new(refusal));
        match desk.drive_ptz(camera).await {
            Err(refusal) => drop(news.send(refused(refusal)).await),
            Ok(hand) => {
                drop(news.send(News::Begun).await);
                let mut patience = SILENCE;
                while let Ok(Some(order)) = tokio::time::timeout(patience, incoming.recv()).await {
                    let order = latest(order, &mut incoming);
                    patience = if matches!(order, Order::Velocity(_)) {
                        SILENCE
                    } else {
                        SETTLE
                    };
                    if let Err(refusal) = carry_out(&*hand, order).await {
                        drop(news.send(refused(refusal)).await);
                    }
                }
                incoming.close();
                if let Err(refusal) = hand.end().await {
                    drop(news.send(refused(refusal)).await);
                }
            }
        }
        drop(news.send(News::Ended).await);
    });
    (orders, stream)
}

/// A camera slower than the hand gets the newest velocity, not a queue of old ones; a tap that is over already needs none.
fn latest(mut order: Order, incoming: &mut mpsc::Receiver<Order>) -> Order {
    while matches!(order, Order::Velocity(_)) {
        match incoming.try_recv() {
            Ok(newer) => order = newer,
            Err(_) => break,
        }
    }
    order
}

async fn carry_out(hand: &dyn PtzDrive, order: Order) -> Result<(), Refusal> {
    match order {
        Order::Velocity(wanted) => hand.velocity(wanted).await,
        Order::Tap { wanted, held } => hand.tap(wanted, held).await,
        Order::CentreOn { x, y } => hand.centre_on(x, y).await,
        Order::BoxZoom(corners) => hand.box_zoom(corners).await,
        Order::ZoomBy(factor) => hand.zoom_by(factor).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use futures::StreamExt;

    const RIGHT: PictureVelocity = PictureVelocity {
        right: 0.5,
        up: 0.0,
        zoom: 0.0,
    };

    async fn gesture(held: bool) -> (Vec<String>, Vec<News>, Duration) {
        let desk = fake::desk(2, 1);
        let camera = desk.plan().cameras[1].id.clone();
        let (orders, news) = begin(desk.clone(), camera);
        let mut news = Box::pin(news);
        let started = std::time::Instant::now();
        assert_eq!(news.next().await, Some(News::Begun));
        orders.send(Order::Velocity(RIGHT)).await.unwrap();
        let orders = held.then_some(orders);
        let rest = news.collect().await;
        drop(orders);
        (desk.said(), rest, started.elapsed())
    }

    #[tokio::test]
    async fn letting_go_ends_the_gesture_at_once() {
        let (said, news, took) = gesture(false).await;
        assert_eq!(said, ["steer cam-02", "velocity 0.5 0 0", "end"]);
        assert_eq!(news, [News::Ended]);
        assert!(took < SILENCE);
    }

    #[tokio::test]
    async fn a_tap_that_is_over_before_the_gesture_began_is_one_order() {
        let desk = fake::desk(2, 1);
        let (orders, news) = begin(desk.clone(), desk.plan().cameras[1].id.clone());
        let held = Duration::from_millis(120);
        orders.try_send(Order::Velocity(RIGHT)).unwrap();
        orders.try_send(Order::Tap { wanted: RIGHT, held }).unwrap();
        drop(orders);
        let news: Vec<News> = news.collect().await;
        assert_eq!(news, [News::Begun, News::Ended]);
        assert_eq!(desk.said(), ["steer cam-02", "tap 0.5 0 0 120 ms", "end"]);
    }

    #[tokio::test]
    async fn a_screen_that_falls_silent_does_not_keep_a_dome_moving() {
        let (said, _, took) = gesture(true).await;
        assert_eq!(said.last().map(String::as_str), Some("end"));
        assert!(took >= SILENCE && took < SILENCE * 3, "{took:?}");
    }
}
