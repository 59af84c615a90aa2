use anyhow::Result;
use clap::Args as ClapArgs;

use crate::config::{File, ServeLayers};
use crate::output::Output;
use crate::serve::{self, Config};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Every flag is also an environment variable and a key of the configuration file (docs/configuration.md).
SIGTERM and Ctrl-C end the server once the calls under way are finished; a second one ends it at once.")]
pub(crate) struct Args {
    #[command(flatten)]
    layers: ServeLayers,
}

pub(crate) fn run(args: Args, file: File, output: Output) -> Result<()> {
    let layers = args.layers.over(file);
    let config = Config {
        serve: layers.serve.resolve()?,
        access: layers.access.resolve()?,
        compile: layers.compile.resolve()?,
        limits: layers.limits.resolve()?,
        quotas: layers.quotas.resolve()?,
        outbound: layers.outbound.resolve()?,
        logs: layers.logs.resolve()?,
        webhooks: layers.webhooks.resolve()?,
        runs: layers.runs.resolve()?,
        blobs: layers.blobs.resolve()?,
        telemetry: layers.telemetry.resolve()?,
    };
    serve::run(&config, output)
}
