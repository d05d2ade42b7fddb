//! Money as whole ten-thousandths of a currency unit, so that no float is ever held against a legal limit.

/// An amount in 1/10,000 of the currency's unit; the currency stands beside it.
pub type Money = i64;

/// Ten-thousandths in one unit of currency.
pub const UNIT: Money = 10_000;

/// The nearest amount to a number of units, halves away from zero. Saturates outside the range of `i64`.
pub fn from_units(units: f64) -> Money {
    (units * UNIT as f64).round() as Money
}

/// The amount as a number of units, for statistics and display only.
pub fn to_units(amount: Money) -> f64 {
    amount as f64 / UNIT as f64
}

/// The amount with two decimals and thousands separators, followed by its currency: `1,234.50 EUR`.
pub fn display(amount: Money, currency: &str) -> String {
    let cents = (amount.unsigned_abs() + 50) / 100;
    let whole = (cents / 100).to_string();
    let mut text = String::with_capacity(whole.len() + 12);
    if amount < 0 {
        text.push('-');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(&format!(".{:02} {currency}", cents % 100));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_a_person_writes_them() {
        assert_eq!(display(1_234_567_8900, "EUR"), "1,234,567.89 EUR");
        assert_eq!(display(-45_0000, "EUR"), "-45.00 EUR");
        assert_eq!(display(149_9950, "USD"), "150.00 USD");
        assert_eq!(from_units(149.99), 149_9900);
    }
}
