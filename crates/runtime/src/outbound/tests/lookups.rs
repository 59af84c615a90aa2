//! Names that nobody answers for.

use super::*;

/// A client whose names are never answered for, and how many are looked up.
fn deaf() -> (Arc<Client>, Arc<AtomicUsize>) {
    let under_way = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&under_way);
    let resolver = move |_: &str| -> connect::Resolving {
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    };
    let settings = Settings {
        at_once: 1_000,
        ..Settings::default()
    };
    (
        Arc::new(Client::with(settings, Box::new(resolver), None)),
        under_way,
    )
}

/// How so many requests of a version end.
async fn ends(guest: &mut Guest, requests: usize) -> Vec<Error> {
    let exchanges: Vec<_> = (0..requests)
        .map(|_| {
            let request = Request::get("http://nobody.example/")
                .body(empty())
                .expect("a request");
            let options = RequestOptions::default();
            let (access, exchanges) = (&guest.access, &mut guest.exchanges);
            access
                .admit(exchanges, &guest.context, request, options)
                .expect("a place for the exchange")
        })
        .collect();
    let ended = exchanges.into_iter().map(|exchange| async {
        let Err(error) = exchange.run().await else {
            panic!("nobody answers");
        };
        error
    });
    futures_util::future::join_all(ended).await
}

fn refused(errors: &[Error]) -> usize {
    let is_refusal = |error: &&Error| matches!(error, Error::ConnectionLimitReached);
    errors.iter().filter(is_refusal).count()
}

#[tokio::test(start_paused = true)]
async fn a_version_has_few_look_ups_at_once_and_few_that_wait() {
    let (client, under_way) = deaf();
    let mut guest = Guest::of(&["nobody.example"], false, client);
    let errors = ends(&mut guest, 100).await;
    assert_eq!(under_way.load(Ordering::Relaxed), 16);
    assert_eq!(refused(&errors), 100 - 16 - 64);
    assert!(
        guest
            .logged()
            .contains("the version has 16 look-ups of names under way and 64 that wait")
    );
    let late = |error: &Error| matches!(error, Error::DnsTimeout | Error::ConnectionLimitReached);
    assert!(errors.iter().all(late), "{errors:?}");
    // Those that were given up go on, and their places with them.
    ends(&mut guest, 20).await;
    assert_eq!(under_way.load(Ordering::Relaxed), 16);
}

#[tokio::test(start_paused = true)]
async fn the_server_has_few_look_ups_at_once_whoever_wants_them() {
    let (client, under_way) = deaf();
    for _ in 0..8 {
        let mut guest = Guest::of(&["nobody.example"], false, Arc::clone(&client));
        ends(&mut guest, 20).await;
    }
    assert_eq!(under_way.load(Ordering::Relaxed), 64);
}
