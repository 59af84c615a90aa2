use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Heavy, Moved};
use crate::epoch::Meter;
use crate::stop::Stop;

fn heavy() -> Heavy {
    Heavy::new(NonZeroUsize::MIN).unwrap()
}

async fn end<T: Send + 'static>(mut moved: Moved<T>) -> Result<T, Stop> {
    std::future::poll_fn(|cx| moved.poll(cx)).await
}

/// Tells when it is dropped.
struct Dropped(Option<oneshot::Sender<()>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(());
        }
    }
}

#[tokio::test]
async fn answers_from_another_thread() {
    let here = std::thread::current().id();
    let guest = Box::pin(async move {
        tokio::task::yield_now().await;
        std::thread::current().id() != here
    });
    assert_eq!(
        end(Moved::new(guest, 1, Arc::new(Meter::new()), &heavy())).await,
        Ok(true)
    );
}

#[tokio::test]
async fn dropping_it_drops_a_suspended_guest_at_once() {
    let heavy = heavy();
    let (sender, mut dropped) = oneshot::channel();
    let (begun, begins) = oneshot::channel();
    let kept = Dropped(Some(sender));
    let guest = Box::pin(async move {
        let _kept = kept;
        begun.send(()).unwrap();
        pending::<()>().await;
    });
    let moved = Moved::new(guest, 1, Arc::new(Meter::new()), &heavy);
    begins.await.unwrap();
    drop(moved);
    // An executing one, which it may still be, is dropped when its turn ends.
    (&mut dropped).await.unwrap();
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    let guest = Box::pin(async { panic!("on purpose") });
    let moved: Moved<()> = Moved::new(guest, 1, Arc::new(Meter::new()), &heavy());
    assert_eq!(end(moved).await, Err(Stop::Lost));
}
