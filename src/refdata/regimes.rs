//! The dated law of low-value imports: which cheaper treatment a consignment may enjoy, up to which value.

use crate::fields::country::Country;
use crate::fields::currency::Currency;
use crate::model::batch::Channel;
use crate::model::money::Money;

/// How duty or tax is charged on a consignment within a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Treatment {
    /// As on any other import.
    Normal,
    /// Nothing is charged.
    Free,
    /// A share of the value instead of the tariff's rate.
    Rate(f64),
    /// A fixed sum for each tariff subheading in the consignment.
    FlatPerItem(Money),
    /// A fixed sum for the consignment.
    FlatPerParcel(Money),
}

/// What the limit is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Price of the goods alone.
    Intrinsic,
    /// Goods delivered on board at the place of export.
    Fob,
    /// Goods, insurance and freight.
    Cif,
    /// The customs value as the country defines it; taken as the price of the goods.
    CustomsValue,
    /// Fair retail value in the country of shipment.
    FairRetail,
}

/// Which parcels the law itself adds together before it looks at the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Each consignment by itself: one consignor, one consignee, dispatched together.
    Consignment,
    /// All that one consignee imports on one day.
    ConsigneeDay,
    /// All that one consignee imports on one flight.
    ConsigneeFlight,
    /// One consignee's goods of one supplier and one order date.
    ConsigneeSupplierOrderDate,
}

/// One limit of a country's law.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Row of the table of regimes.
    pub regime: String,
    /// The limit, in the currency of the [`Terms`].
    pub amount: Money,
    /// Whether a value equal to the limit still qualifies.
    pub inclusive: bool,
    /// How duty is charged within the limit.
    pub duty: Treatment,
    /// How value added tax or its like is charged within the limit.
    pub tax: Treatment,
    /// Lists of goods that never qualify (`alcohol`, `tobacco`, `perfume` …).
    pub excluded: Vec<String>,
    /// Where the law stands.
    pub source: String,
}

impl Limit {
    /// Whether a value is within the limit.
    pub fn admits(&self, value: Money) -> bool {
        if self.inclusive { value <= self.amount } else { value < self.amount }
    }
}

/// The rules for one parcel, by country of import, channel, sender's country and the line's own date.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Country of import.
    pub country: Country,
    /// Post or express.
    pub channel: Channel,
    /// Currency of every amount here and of every value held against it.
    pub currency: Currency,
    /// What a limit is held against.
    pub basis: Basis,
    /// Which parcels the law adds together.
    pub aggregation: Aggregation,
    /// Limits for goods that were sold, the one that matters most first; empty where the law has none.
    pub limits: Vec<Limit>,
    /// Limit for gifts between private persons, where the law has one.
    pub gift: Option<Limit>,
}

impl Terms {
    /// The limit that matters most for goods that were sold.
    pub fn limit(&self) -> Option<&Limit> {
        self.limits.first()
    }
}
