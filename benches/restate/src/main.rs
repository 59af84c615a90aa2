//! A Restate service: `POST /Steps/take` with a number takes so many durable steps, one after another, and answers how many
//! it took. A step does nothing, so that only its durability is measured. `POST /Steps/call` with a number calls itself so many times,
//! one after another, without a step.

use std::net::SocketAddr;

use restate_sdk::prelude::*;

struct Steps;

#[restate_sdk::service]
impl Steps {
    #[handler]
    async fn take(&self, context: Context<'_>, count: u32) -> Result<u32, HandlerError> {
        let mut taken = 0;
        for _ in 0..count {
            let one: u32 = context.run(|| async { Ok(1) }).name("step").await?;
            taken += one;
        }
        Ok(taken)
    }

    #[handler]
    async fn call(&self, context: Context<'_>, count: u32) -> Result<u32, HandlerError> {
        for _ in 0..count {
            let client = context.service_client::<StepsClient>();
            let _: u32 = client.take(0).call().await?;
        }
        Ok(count)
    }
}

/// Serves on the port given as the only argument.
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).ok_or("which port?")?.parse()?;
    let endpoint = Endpoint::builder().bind(Steps).build();
    HttpServer::new(endpoint)
        .listen_and_serve(SocketAddr::from(([127, 0, 0, 1], port)))
        .await;
    Ok(())
}
