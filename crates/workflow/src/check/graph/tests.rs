use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const NODES: usize = 12;

fn graph(edges: &[(usize, usize)]) -> Graph<()> {
    Graph::new(NODES, edges.iter().map(|&(from, to)| (from, to, ())))
}

proptest! {
    #[test]
    fn whatever_is_in_order_stands_behind_what_it_waits_for(edges in vec((0..NODES, 0..NODES), 0..30)) {
        let order = graph(&edges).order();
        let place = |node| order.nodes.iter().position(|other| *other == node);
        for &(from, to) in &edges {
            if let Some(to_place) = place(to) {
                let from_place = place(from);
                prop_assert!(from_place.is_some_and(|it| it < to_place), "{from} -> {to}");
                prop_assert!(order.levels[from] < order.levels[to]);
            }
        }
    }

    #[test]
    fn all_are_in_order_exactly_where_there_is_no_cycle(edges in vec((0..NODES, 0..NODES), 0..30)) {
        let graph = graph(&edges);
        prop_assert_eq!(graph.order().nodes.len() == NODES, graph.cycles().is_empty());
        prop_assert_eq!(graph.order().nodes.len() + graph.order().left_out().len(), NODES);
    }

    #[test]
    fn cycles_are_ways_back(edges in vec((0..NODES, 0..NODES), 0..30)) {
        for cycle in graph(&edges).cycles() {
            let next = cycle.nodes.iter().skip(1).chain(cycle.nodes.first());
            for (from, to) in cycle.nodes.iter().zip(next) {
                prop_assert!(edges.contains(&(*from, *to)), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn the_order_is_that_of_the_definition_where_it_can_be(edges in vec((0..NODES, 0..NODES), 0..30)) {
        let forward: Vec<_> = edges.into_iter().filter(|(from, to)| from < to).collect();
        prop_assert_eq!(graph(&forward).order().nodes, (0..NODES).collect::<Vec<_>>());
    }
}

#[test]
fn a_long_chain_takes_no_stack() {
    let edges = (1..100_000).map(|node| (node - 1, node, ()));
    let back = [(99_999, 0, ())];
    let graph = Graph::new(100_000, edges.chain(back));
    assert_eq!(graph.cycles()[0].nodes.len(), 100_000);
    assert!(graph.order().nodes.is_empty());
}
