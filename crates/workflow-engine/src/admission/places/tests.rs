use super::*;

fn take(places: &mut Places) -> bool {
    places.take(Priority::Medium, Waker::noop())
}

#[test]
fn a_place_is_kept_between_steps() {
    let gate = Gate::new(1, 9);
    let mut places = Places::new(&gate, 0);
    for _ in 0..3 {
        assert!(take(&mut places));
        places.give_back();
    }
    assert_eq!(gate.inside(), 1);
    places.rest(false);
    assert_eq!(gate.inside(), 0);
}

#[test]
fn a_place_is_not_kept_from_those_who_wait() {
    let gate = Gate::new(1, 9);
    let (mut busy, mut other) = (Places::new(&gate, 0), Places::new(&gate, 1));
    assert!(take(&mut busy));
    assert!(!take(&mut other));
    busy.give_back();
    assert!(!take(&mut busy), "it is behind the other now");
    assert!(take(&mut other));
    other.give_back();
    other.rest(false);
    assert!(take(&mut busy));
}

#[test]
fn a_reserved_place_is_used_even_if_others_wait() {
    let gate = Gate::new(1, 9);
    let (mut first, mut second) = (Places::new(&gate, 0), Places::new(&gate, 0));
    first.reserve(Priority::Low);
    second.reserve(Priority::High);
    assert!(take(&mut first));
    first.give_back();
    assert!(!take(&mut first), "now it is the other's turn");
    assert!(take(&mut second));
}

#[test]
fn who_rests_leaves_the_line_unless_a_place_is_wanted() {
    let gate = Gate::new(1, 9);
    let (mut busy, mut other) = (Places::new(&gate, 0), Places::new(&gate, 1));
    assert!(take(&mut busy));
    assert!(!take(&mut other));
    other.rest(true);
    assert_eq!(gate.waiting(), 1);
    other.rest(false);
    assert_eq!(gate.waiting(), 0);
}

#[test]
fn what_is_dropped_gives_everything_back() {
    let gate = Gate::new(2, 9);
    let mut places = Places::new(&gate, 0);
    assert!(take(&mut places) && take(&mut places) && !take(&mut places));
    assert_eq!((places.used(), gate.inside(), gate.waiting()), (2, 2, 1));
    drop(places);
    assert_eq!((gate.inside(), gate.waiting()), (0, 0));
}
