//! Quotes the price of an order: records and lists in, a record or a typed error out.
//!
//! ```text
//! weft call pricing '{"order": {"id": "A-1", "customer": "Ada", "express": true, "items": [
//!   {"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": ["office"]}]}}'
//! ```
//! answers `{"order-id":"A-1","total":9.5,"lines":[{"name":"pen","total":4.5}],"express":true}`. Without items it fails with
//! `"empty-order"`.

wit_bindgen::generate!({ path: "wit" });

use exports::weft::pricing::api::{Guest, Item, Line, Order, PricingError, Quotation};

/// What express delivery adds to an order.
const EXPRESS_FEE: f64 = 5.0;

struct Pricing;

impl Guest for Pricing {
    fn quote(order: Order) -> Result<Quotation, PricingError> {
        if order.items.is_empty() {
            return Err(PricingError::EmptyOrder);
        }
        let lines = order.items.into_iter().map(line).collect::<Result<Vec<_>, _>>()?;
        let fee = if order.express { EXPRESS_FEE } else { 0.0 };
        let total = fee + lines.iter().map(|line| line.total).sum::<f64>();
        Ok(Quotation {
            order_id: order.id,
            total,
            lines,
            express: order.express,
        })
    }
}

fn line(item: Item) -> Result<Line, PricingError> {
    if !item.price.is_finite() || item.price < 0.0 {
        return Err(PricingError::BadPrice(item.name));
    }
    if item.qty == 0 {
        return Err(PricingError::NoQuantity(item.name));
    }
    Ok(Line {
        name: item.name,
        total: item.price * f64::from(item.qty),
    })
}

export!(Pricing);
