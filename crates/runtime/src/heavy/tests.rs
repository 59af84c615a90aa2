use std::future::pending;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::{Account, Heavy, Moved};
use crate::epoch::Meter;
use crate::stop::Stop;

fn of(version: u64) -> Account {
    let project = weft_pool::Party::OWN;
    Account { project, version }
}

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
        end(Moved::new(guest, of(1), Arc::new(Meter::new()), &heavy())).await,
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
    let moved = Moved::new(guest, of(1), Arc::new(Meter::new()), &heavy);
    begins.await.unwrap();
    drop(moved);
    // An executing one, which it may still be, is dropped when its turn ends.
    (&mut dropped).await.unwrap();
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    let guest = Box::pin(async { panic!("on purpose") });
    let moved: Moved<()> = Moved::new(guest, of(1), Arc::new(Meter::new()), &heavy());
    assert_eq!(end(moved).await, Err(Stop::Lost));
}

/// Panics when it is polled, and once more when it is dropped.
struct Twice;

impl Future for Twice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic!("on purpose")
    }
}

impl Drop for Twice {
    fn drop(&mut self) {
        panic!("on purpose, as it is dropped")
    }
}

#[tokio::test]
async fn a_panic_of_what_is_dropped_takes_no_thread_along() {
    let heavy = heavy();
    let moved: Moved<()> = Moved::new(Box::pin(Twice), of(1), Arc::new(Meter::new()), &heavy);
    assert_eq!(end(moved).await, Err(Stop::Lost));
    let next = Moved::new(Box::pin(async { 7 }), of(1), Arc::new(Meter::new()), &heavy);
    assert_eq!(end(next).await, Ok(7));
}

#[tokio::test]
async fn a_version_waits_for_one_slice_of_another_however_many_guests_that_has() {
    let heavy = heavy();
    let (free, held) = std::sync::mpsc::channel::<()>();
    // Occupies the thread until all others are in line.
    let first = Moved::new(
        Box::pin(async move { held.recv().is_err() }),
        of(1),
        Arc::new(Meter::new()),
        &heavy,
    );
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let guest = |version: u64| {
        let order = Arc::clone(&order);
        let guest = Box::pin(async move {
            order.lock().unwrap().push(version);
            tokio::task::yield_now().await;
        });
        Moved::new(guest, of(version), Arc::new(Meter::new()), &heavy)
    };
    let many: Vec<_> = (0..50).map(|_| guest(1)).collect();
    let other = guest(2);
    drop(free);
    assert_eq!(end(first).await, Ok(true));
    assert_eq!(end(other).await, Ok(()));
    let before = order.lock().unwrap().iter().position(|version| *version == 2);
    assert!(before.unwrap() <= 2, "{before:?} of the many came first");
    for moved in many {
        assert_eq!(end(moved).await, Ok(()));
    }
}

#[tokio::test]
async fn what_wakes_a_guest_lines_it_up_again() {
    let heavy = heavy();
    let (sender, receiver) = oneshot::channel();
    let (begun, begins) = oneshot::channel();
    let guest = Box::pin(async move {
        begun.send(()).unwrap();
        let told: u32 = receiver.await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        told
    });
    let moved = Moved::new(guest, of(1), Arc::new(Meter::new()), &heavy);
    begins.await.unwrap();
    sender.send(7).unwrap();
    assert_eq!(end(moved).await, Ok(7));
}
