use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::*;

type Job = BoxFuture<'static, &'static str>;

/// A job that ends with what it is told, and the means to tell it.
fn told() -> (Job, oneshot::Sender<&'static str>) {
    let (tell, told) = oneshot::channel();
    (Box::pin(async { told.await.unwrap() }), tell)
}

fn next(jobs: &mut Jobs<Job>) -> Option<(JobId, &'static str)> {
    jobs.begin_round(&Context::from_waker(Waker::noop()));
    jobs.next()
}

#[test]
fn a_job_that_ends_at_once_never_stays() {
    let mut jobs: Jobs<Job> = Jobs::new();
    for _ in 0..3 {
        assert_eq!(jobs.start(Box::pin(async { "done" })), Ok("done"));
    }
    assert_eq!((jobs.len(), jobs.entries.len()), (0, 1));
}

#[test]
fn jobs_end_in_any_order() {
    let mut jobs = Jobs::new();
    let ((first, tell_first), (second, tell_second)) = (told(), told());
    let first = jobs.start(first).unwrap_err();
    let second = jobs.start(second).unwrap_err();
    assert!(next(&mut jobs).is_none());
    tell_second.send("second").unwrap();
    assert_eq!(next(&mut jobs), Some((second, "second")));
    assert!(next(&mut jobs).is_none());
    tell_first.send("first").unwrap();
    assert_eq!(next(&mut jobs), Some((first, "first")));
    assert_eq!(jobs.len(), 0);
}

#[test]
fn a_job_taken_out_is_dropped_and_its_wakes_mean_nothing() {
    let mut jobs = Jobs::new();
    let (job, tell) = told();
    let id = jobs.start(job).unwrap_err();
    assert_eq!(jobs.len(), 1);
    drop(jobs.remove(id));
    assert!(tell.is_closed());
    let (job, tell) = told();
    let again = jobs.start(job).unwrap_err();
    assert_eq!(again, id, "its entry is used again");
    assert!(next(&mut jobs).is_none());
    tell.send("later").unwrap();
    assert_eq!(next(&mut jobs), Some((again, "later")));
    assert!(jobs.remove(again).is_none());
}

#[test]
fn only_who_was_woken_is_polled() {
    let polls = Arc::new(AtomicUsize::new(0));
    let mut jobs: Jobs<Job> = Jobs::new();
    for _ in 0..5 {
        let polls = Arc::clone(&polls);
        let pending = std::future::poll_fn(move |_| {
            polls.fetch_add(1, SeqCst);
            Poll::Pending
        });
        jobs.start(Box::pin(pending)).unwrap_err();
    }
    let (job, tell) = told();
    jobs.start(job).unwrap_err();
    assert_eq!(polls.load(SeqCst), 5);
    tell.send("told").unwrap();
    assert!(next(&mut jobs).is_some() && next(&mut jobs).is_none());
    assert_eq!(polls.load(SeqCst), 5);
}

#[test]
fn a_job_that_wakes_itself_has_one_poll_a_round() {
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polls);
    let busy = std::future::poll_fn(move |cx: &mut Context<'_>| {
        counted.fetch_add(1, SeqCst);
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    let mut jobs: Jobs<Job> = Jobs::new();
    jobs.start(Box::pin(busy)).unwrap_err();
    for round in 2..5 {
        assert!(next(&mut jobs).is_none());
        assert_eq!(polls.load(SeqCst), round);
    }
}

#[tokio::test]
async fn the_driver_is_woken() {
    let mut jobs = Jobs::new();
    let mut ids = BTreeSet::new();
    for _ in 0..20 {
        let job: Job = Box::pin(async {
            tokio::task::yield_now().await;
            "done"
        });
        ids.insert(jobs.start(job).unwrap_err().0);
    }
    std::future::poll_fn(|cx| {
        jobs.begin_round(cx);
        while let Some((id, output)) = jobs.next() {
            assert!(ids.remove(&id.0) && output == "done");
        }
        if ids.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
