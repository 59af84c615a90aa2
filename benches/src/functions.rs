//! The bars of the function engine.

use anyhow::Result;

use crate::Options;
use crate::report::{Report, note};

mod bytes;
mod loops;
mod many;
mod throughput;
mod upload;

/// The order record: 375 bytes of JSON, four lines.
pub(crate) const ORDER: &str = r#"{"order":{"id":"o-1234567","customer":"Ada Lovelace","items":[{"id":1,"name":"widget","qty":3,"price":9.99,"tags":["a","bb","ccc"]},{"id":2,"name":"gadget","qty":1,"price":129.5,"tags":["x"]},{"id":3,"name":"doohickey with a longer name","qty":12,"price":0.25,"tags":[]},{"id":4,"name":"thingamajig","qty":2,"price":42,"tags":["one","two"]}],"note":"leave at the door","express":true}}"#;

/// Measures the bars asked for and answers whether all hold.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut report = Report::begin();
        if options.wants(2) || options.wants(3) {
            note("throughput at 64 connections, beside plain hyper and wasmtime serve");
            throughput::measure(options, &mut report).await?;
        }
        if options.wants(4) {
            note("large byte lists");
            bytes::measure(options, &mut report).await?;
        }
        if options.wants(5) {
            note("uploads, and calls beside large compiles");
            upload::measure(options, &mut report).await?;
        }
        if options.wants(6) {
            note("1,000 functions");
            many::measure(options, &mut report).await?;
        }
        if options.wants(7) {
            note("infinite loops and other misbehaviour");
            loops::measure(options, &mut report).await?;
        }
        Ok(report.end(options.rounds))
    })
}
