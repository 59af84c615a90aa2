//! In which order declarations can be read: each behind those it uses.

/// The outcome.
pub(super) struct Order {
    /// All declarations, each behind those it uses where that is possible.
    pub(super) order: Vec<usize>,
    /// Circles: each declaration uses the next, and the last the first. One for each declaration that closes any.
    pub(super) circles: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnTheWay,
    Done,
}

/// Orders declarations, of which number `i` uses those in `uses[i]`.
pub(super) fn order(uses: &[Vec<usize>]) -> Order {
    let mut order = Order {
        order: Vec::new(),
        circles: Vec::new(),
    };
    let mut marks = vec![Mark::New; uses.len()];
    let mut closed = vec![false; uses.len()];
    for first in 0..uses.len() {
        if marks[first] == Mark::New {
            visit(first, uses, &mut marks, &mut closed, &mut order);
        }
    }
    order
}

/// Goes down from `first` without recursion: a chain of declarations may be long.
fn visit(first: usize, uses: &[Vec<usize>], marks: &mut [Mark], closed: &mut [bool], order: &mut Order) {
    let mut way = vec![(first, 0)];
    marks[first] = Mark::OnTheWay;
    while let Some((at, next)) = way.last_mut() {
        let Some(&used) = uses[*at].get(*next) else {
            marks[*at] = Mark::Done;
            order.order.push(*at);
            way.pop();
            continue;
        };
        *next += 1;
        match marks[used] {
            Mark::Done => {}
            Mark::New => {
                marks[used] = Mark::OnTheWay;
                way.push((used, 0));
            }
            Mark::OnTheWay if closed[used] => {}
            Mark::OnTheWay => {
                closed[used] = true;
                let circle = way.iter().map(|&(at, _)| at).skip_while(|&at| at != used);
                order.circles.push(circle.collect());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn those_that_are_used_come_first() {
        let check = |uses: &[&[usize]], expected: &[usize], circles: &[&[usize]]| {
            let uses: Vec<Vec<usize>> = uses.iter().map(|uses| uses.to_vec()).collect();
            let order = order(&uses);
            assert_eq!(
                (order.order.as_slice(), order.circles.as_slice()),
                (
                    expected,
                    &*circles.iter().map(|circle| circle.to_vec()).collect::<Vec<_>>()
                )
            );
        };
        check(&[], &[], &[]);
        check(&[&[1, 2], &[2], &[]], &[2, 1, 0], &[]);
        check(&[&[0]], &[0], &[&[0]]);
        check(&[&[1], &[2], &[1]], &[2, 1, 0], &[&[1, 2]]);
    }
}
