//! Checks an order out with the price that the function `pricing` quotes: a typed call from function to function.
//!
//! It imports `weft:pricing/api`, which the platform satisfies once the call is granted:
//! ```text
//! weft deploy target/functions/checkout.wasm --grant-call pricing
//! weft call checkout '{"order": {"id": "A-1", "customer": "Ada", "express": false, "items": [
//!   {"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": []}]}}'
//! ```
//! answers `{"order-id":"A-1","customer":"Ada","lines":["pen: 4.50"],"total":4.5}`.

// The imported interface is read where its owner keeps it.
wit_bindgen::generate!({ path: ["../pricing/wit", "wit"], world: "weft:checkout/checkout", generate_all });

use exports::weft::checkout::api::{Guest, Order, PricingError, Receipt};
use weft::pricing::api;

struct Checkout;

impl Guest for Checkout {
    fn checkout(order: Order) -> Result<Receipt, PricingError> {
        let quote = api::quote(&order)?;
        let lines = quote
            .lines
            .iter()
            .map(|line| format!("{}: {:.2}", line.name, line.total))
            .collect();
        Ok(Receipt {
            order_id: quote.order_id,
            customer: order.customer,
            lines,
            total: quote.total,
        })
    }
}

export!(Checkout);
