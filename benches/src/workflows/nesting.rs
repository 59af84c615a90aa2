//! Bar 8: what a level of nesting costs beside a node that is not nested.

use anyhow::Result;

use super::definitions::{LEVELS, nested};
use super::{ARGUMENTS, CONNECTIONS, save, with_chains};
use crate::Options;
use crate::report::{Bound, Report};
use crate::weft::invoke;
use crate::wrk::{Request, load};

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = with_chains().await?;
    save(&weft, nested("one")).await?;
    let deepest = format!("level-{LEVELS}");
    let cpu = |name: &str| {
        let request = Request::post(&invoke(name), ARGUMENTS);
        load(&weft.api.view(), &request, CONNECTIONS, options.seconds).map(|load| load.cpu_micros)
    };
    let (mut levels, mut nodes) = (Vec::new(), Vec::new());
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let (one, deep, fifty) = (cpu("one")?, cpu(&deepest)?, cpu("fifty")?);
        if round > 0 {
            levels.push((deep - one) / f64::from(LEVELS));
            nodes.push((fifty - one) / 49.0);
        }
    }
    let ratios: Vec<f64> = levels
        .iter()
        .zip(&nodes)
        .map(|(level, node)| level / node)
        .collect();
    report.row(
        8,
        "CPU of a flat node, its call included",
        "µs",
        &nodes,
        Bound::None,
    );
    report.row(8, "CPU of a level, of 5", "µs", &levels, Bound::None);
    report.row(8, "a level : a flat node", "×", &ratios, Bound::AtMost(1.3));
    Ok(())
}
