//! Where the nodes of a picture stand: in columns by level, ordered so that edges cross seldom.

use std::collections::BTreeMap;

use crate::edge::{Edge, End};
use crate::plan::Plan;

/// A picture's boxes and the ways of its edges, on a grid: columns from the left, rows from the top.
pub(super) struct Layout {
    /// Of each end, its column and row.
    pub(super) places: BTreeMap<End, Place>,
    /// The ways, each from one box to another, by way of free places in the columns between.
    pub(super) ways: Vec<Way>,
    /// How many columns there are.
    pub(super) columns: usize,
    /// How many rows the tallest column has.
    pub(super) rows: usize,
}

/// A column, and a row in half steps: columns are centred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) column: usize,
    pub(super) half_row: usize,
}

/// The way of all edges from one end to another.
pub(super) struct Way {
    pub(super) from: End,
    pub(super) to: End,
    /// The free places that it passes.
    pub(super) by: Vec<Place>,
    /// What the edges are.
    pub(super) labels: Vec<String>,
    /// Whether a value flows.
    pub(super) data: bool,
}

/// An item of a column: a box, or a place that a way passes.
type Item = usize;

/// With more free places than this, ways lead straight through what is between.
const MOST_PASSED: usize = 20_000;
/// How often columns are put into order by their neighbours.
const SWEEPS: usize = 4;

struct Grid {
    columns: Vec<Vec<Item>>,
    /// Of each item, those in the columns left and right of it that it is joined to.
    left: Vec<Vec<Item>>,
    right: Vec<Vec<Item>>,
}

/// Lays a plan out. The same plan always comes out the same.
pub(super) fn layout(plan: &Plan, edges: &[Edge<'_>]) -> Layout {
    let mut ways = bundled(edges);
    let ends = ends(plan, &ways);
    let last = 1 + plan
        .nodes
        .iter()
        .map(|node| node.level as usize + 1)
        .max()
        .unwrap_or(0);
    let column = |end: &End| match end {
        End::Input | End::Globals | End::Blob => 0,
        End::Node(index) => 1 + plan.node(*index).level as usize,
        End::Output => last,
    };
    let mut grid = Grid {
        columns: vec![Vec::new(); last + 1],
        left: Vec::new(),
        right: Vec::new(),
    };
    let items: BTreeMap<End, Item> = ends.iter().map(|end| (*end, grid.add(column(end)))).collect();
    let passed = ways
        .iter()
        .map(|way| column(&way.to).saturating_sub(column(&way.from) + 1));
    let straight = passed.sum::<usize>() > MOST_PASSED;
    let mut passing: Vec<Vec<Item>> = Vec::with_capacity(ways.len());
    for way in &ways {
        let (from, to) = (column(&way.from), column(&way.to));
        let between = if straight { 0..0 } else { from + 1..to };
        let by: Vec<Item> = between.map(|column| grid.add(column)).collect();
        grid.join(items[&way.from], &by, items[&way.to]);
        passing.push(by);
    }
    grid.put_into_order();
    let places = grid.places();
    for (way, by) in ways.iter_mut().zip(passing) {
        way.by = by.into_iter().map(|item| places[item]).collect();
    }
    let rows = grid.columns.iter().map(Vec::len).max().unwrap_or(0);
    // What needs no place on the left or right has none.
    Layout {
        places: items.into_iter().map(|(end, item)| (end, places[item])).collect(),
        ways,
        columns: grid.columns.len(),
        rows,
    }
}

/// One way for all edges between the same ends.
fn bundled(edges: &[Edge<'_>]) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    let mut known: BTreeMap<(End, End), usize> = BTreeMap::new();
    for edge in edges {
        let index = *known.entry((edge.from, edge.to)).or_insert(ways.len());
        if index == ways.len() {
            ways.push(Way {
                from: edge.from,
                to: edge.to,
                by: Vec::new(),
                labels: Vec::new(),
                data: false,
            });
        }
        ways[index].labels.push(edge.to_string());
        ways[index].data |= edge.reference.is_some();
    }
    ways
}

fn ends(plan: &Plan, ways: &[Way]) -> Vec<End> {
    let used = |end: &End| ways.iter().any(|way| way.from == *end);
    let sources = [End::Input, End::Globals, End::Blob].into_iter().filter(used);
    let nodes = plan.iter().map(|(index, _)| End::Node(index));
    let result = plan.result.as_ref().map(|_| End::Output);
    sources.chain(nodes).chain(result).collect()
}

impl Grid {
    fn add(&mut self, column: usize) -> Item {
        let item = self.left.len();
        self.columns[column].push(item);
        self.left.push(Vec::new());
        self.right.push(Vec::new());
        item
    }

    fn join(&mut self, from: Item, by: &[Item], to: Item) {
        let mut before = from;
        for &item in by.iter().chain([&to]) {
            self.right[before].push(item);
            self.left[item].push(before);
            before = item;
        }
    }

    /// Moves each item towards the middle of those that it is joined to, column by column, from the left and from the right
    /// in turn.
    fn put_into_order(&mut self) {
        for sweep in 0..SWEEPS {
            let count = self.columns.len();
            for step in 1..count {
                match sweep % 2 {
                    0 => self.order_by(step, |grid, item| grid.left[item].clone()),
                    _ => self.order_by(count - 1 - step, |grid, item| grid.right[item].clone()),
                }
            }
        }
    }

    fn order_by(&mut self, column: usize, neighbours: impl Fn(&Self, Item) -> Vec<Item>) {
        let rows = self.rows();
        let middle = |item: Item| {
            let joined = neighbours(self, item);
            let sum: usize = joined.iter().map(|neighbour| rows[*neighbour]).sum();
            // Items that are joined to nothing stay about where they are.
            match joined.len() {
                0 => 1000 * rows[item],
                count => 1000 * sum / count,
            }
        };
        let mut items = self.columns[column].clone();
        items.sort_by_cached_key(|&item| middle(item));
        self.columns[column] = items;
    }

    fn rows(&self) -> Vec<usize> {
        let mut rows = vec![0; self.left.len()];
        for column in &self.columns {
            column
                .iter()
                .enumerate()
                .for_each(|(row, &item)| rows[item] = row);
        }
        rows
    }

    /// Where each item stands, columns centred.
    fn places(&self) -> Vec<Place> {
        let tallest = self.columns.iter().map(Vec::len).max().unwrap_or(0);
        let nowhere = Place {
            column: 0,
            half_row: 0,
        };
        let mut places = vec![nowhere; self.left.len()];
        for (column, items) in self.columns.iter().enumerate() {
            for (row, &item) in items.iter().enumerate() {
                let half_row = 2 * row + (tallest - items.len());
                places[item] = Place { column, half_row };
            }
        }
        places
    }
}
