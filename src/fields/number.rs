//! Decimal numbers and amounts of money from declared text.

use super::found::Found;

/// Largest magnitude accepted.
const LARGEST: f64 = 1e12;
/// Units of money in one currency unit.
const MONEY_SCALE: f64 = 10_000.0;
/// Decimals of an amount of money.
const MONEY_DECIMALS: i32 = 4;
/// Most digits a number may have.
const MOST_DIGITS: usize = 60;

/// What a separator means where the column's writer is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMark {
    /// Decided for each number from its form.
    #[default]
    Guess,
    /// `.` before decimals, `,` between thousands.
    Point,
    /// `,` before decimals, `.` between thousands.
    Comma,
}

/// Why a number could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing but white space.
    #[error("the number is empty; expected a decimal number such as 12.50")]
    Empty,
    /// Not a number, or separators in impossible places.
    #[error("{0} is not a number; expected a decimal number such as 12.50")]
    Form(Found),
    /// One comma before exactly three digits.
    #[error("{0} can mean thousands or three decimals; expected a decimal point")]
    Ambiguous(Found),
    /// Beyond what a declaration can hold, or not finite.
    #[error("{0} is too large; expected a number up to 1,000,000,000,000")]
    TooLarge(Found),
}

/// Reads a decimal number; as [`parse_number_with`] with [`DecimalMark::Guess`].
pub fn parse_number(text: &str) -> Result<f64, NumberError> {
    parse_number_with(text, DecimalMark::Guess)
}

/// Reads a decimal number, the decimal mark known or guessed.
///
/// Accepted: surrounding spaces, a sign before, groups of thousands (spaces of any kind, apostrophes,
/// points or commas; also the Indian `1,00,000`), full-width digits, and an exponent (`1.5e2`).
/// Guessing: with both `.` and `,` the last one is the decimal mark; one that occurs twice separates
/// thousands; a single `.` is always a decimal point, so `1.234` is a little over one; a single `,`
/// is a decimal mark except before exactly three digits and after one to three (`1,234`), which is
/// an error; `0,123` and `1 234,567` are clear. Words such as `nan` or `n/a` are errors, never empty.
///
/// Nearest `f64` to the decimal text. No allocation except in errors.
pub fn parse_number_with(text: &str, mark: DecimalMark) -> Result<f64, NumberError> {
    if mark != DecimalMark::Comma
        && let Some((value, scale)) = plain(text.as_bytes())
    {
        // Both numbers are exact, so the quotient is the nearest one.
        return Ok(value as f64 / POWERS[scale]);
    }
    let trimmed = text.trim();
    let decimal = scan(trimmed, mark).map_err(|fault| fault.of(trimmed))?;
    let value = decimal.to_f64();
    if value.abs() <= LARGEST { Ok(value) } else { Err(NumberError::TooLarge(Found::new(trimmed))) }
}

/// Reads an amount of money in ten-thousandths of its unit, exactly from the decimal text; further
/// decimals are rounded, half away from zero. The forms are those of [`parse_number`].
pub fn parse_money(text: &str) -> Result<i64, NumberError> {
    parse_money_with(text, DecimalMark::Guess)
}

/// As [`parse_money`], the decimal mark known or guessed.
pub fn parse_money_with(text: &str, mark: DecimalMark) -> Result<i64, NumberError> {
    if mark != DecimalMark::Comma
        && let Some((value, scale @ 0..=4)) = plain(text.as_bytes())
        && let Ok(value) = i64::try_from(value)
    {
        return Ok(value * MONEY_POWERS[4 - scale]);
    }
    let trimmed = text.trim();
    let decimal = scan(trimmed, mark).map_err(|fault| fault.of(trimmed))?;
    decimal.to_money().ok_or_else(|| NumberError::TooLarge(Found::new(trimmed)))
}

/// An amount that the format has typed as a float, in ten-thousandths; the nearest, half away from
/// zero. `None` where it is not finite or above 1e12.
pub fn money_from_f64(value: f64) -> Option<i64> {
    // The product of two finite numbers of this size is far below 2^63.
    (value.abs() <= LARGEST).then(|| (value * MONEY_SCALE).round() as i64)
}

/// Powers of ten that an `f64` holds exactly and the fast path needs.
const POWERS: [f64; 13] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
const MONEY_POWERS: [i64; 5] = [1, 10, 100, 1000, 10_000];

/// Up to twelve ASCII digits with at most one point after a digit: their value and the number of decimals.
#[inline]
fn plain(bytes: &[u8]) -> Option<(u64, usize)> {
    if bytes.len() > 13 || !bytes.first()?.is_ascii_digit() {
        return None;
    }
    let mut value = 0;
    let mut point = None;
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(index),
            _ => return None,
        }
    }
    match point {
        Some(at) => Some((value, bytes.len() - at - 1)),
        None if bytes.len() <= 12 => Some((value, 0)),
        None => None,
    }
}

#[derive(Clone, Copy)]
enum Fault {
    Empty,
    Form,
    Ambiguous,
    TooLarge,
}

impl Fault {
    fn of(self, text: &str) -> NumberError {
        match self {
            Fault::Empty => NumberError::Empty,
            Fault::Form => NumberError::Form(Found::new(text)),
            Fault::Ambiguous => NumberError::Ambiguous(Found::new(text)),
            Fault::TooLarge => NumberError::TooLarge(Found::new(text)),
        }
    }
}

/// A decimal number: `0.DIGITS × 10^point` with a sign.
struct Decimal {
    negative: bool,
    digits: [u8; MOST_DIGITS],
    count: usize,
    point: i32,
}

impl Decimal {
    fn to_f64(&self) -> f64 {
        let mut text = [b'0'; MOST_DIGITS + 8];
        text[1] = b'.';
        for (slot, digit) in text[2..].iter_mut().zip(&self.digits[..self.count]) {
            *slot = b'0' + digit;
        }
        let mut end = 2 + self.count;
        text[end] = b'e';
        text[end + 1] = if self.point < 0 { b'-' } else { b'+' };
        let mut exponent = self.point.unsigned_abs();
        for offset in [4, 3, 2] {
            text[end + offset] = b'0' + (exponent % 10) as u8;
            exponent /= 10;
        }
        end += 5;
        let value = std::str::from_utf8(&text[..end]).ok().and_then(|t| t.parse().ok()).unwrap_or(f64::NAN);
        if self.negative { -value } else { value }
    }

    fn to_money(&self) -> Option<i64> {
        let whole = self.point + MONEY_DECIMALS;
        let digit = |index: i32| {
            usize::try_from(index).ok().filter(|i| *i < self.count).map_or(0, |i| i64::from(self.digits[i]))
        };
        let mut value = 0_i64;
        let mut index = self.digits[..self.count].iter().take_while(|d| **d == 0).count() as i32;
        if index == self.count as i32 {
            return Some(0);
        }
        while index < whole {
            value = value.checked_mul(10)?.checked_add(digit(index))?;
            index += 1;
        }
        value += i64::from(whole >= 0 && digit(whole) >= 5);
        let limit = LARGEST as i64 * MONEY_POWERS[4];
        (value <= limit).then_some(if self.negative { -value } else { value })
    }
}

/// Symbols of a number after spaces, signs and widths have been made equal.
#[derive(Clone, Copy, PartialEq)]
enum Symbol {
    Digit(u8),
    Point,
    Comma,
    /// A space or an apostrophe.
    Group,
}

fn symbol(character: char) -> Option<Symbol> {
    Some(match character {
        '0'..='9' => Symbol::Digit(character as u8 - b'0'),
        '０'..='９' => Symbol::Digit((character as u32 - '０' as u32) as u8),
        '.' | '．' | '·' => Symbol::Point,
        ',' | '，' | '٫' => Symbol::Comma,
        '\'' | '’' | '`' | '´' => Symbol::Group,
        c if c.is_whitespace() => Symbol::Group,
        _ => return None,
    })
}

fn scan(text: &str, mark: DecimalMark) -> Result<Decimal, Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    let (negative, body) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (body, exponent) = match body.split_once(['e', 'E']) {
        Some((body, exponent)) => (body, Some(read_exponent(exponent)?)),
        None => (body, None),
    };
    let mut symbols = [Symbol::Group; MOST_DIGITS];
    let mut count = 0;
    for character in body.trim_start().chars() {
        let next = symbol(character).ok_or(Fault::Form)?;
        *symbols.get_mut(count).ok_or(Fault::TooLarge)? = next;
        count += 1;
    }
    let symbols = &symbols[..count];
    let at = decimal_mark(symbols, mark, exponent.is_some())?.unwrap_or(count);
    let (whole, rest) = symbols.split_at(at);
    check_groups(whole)?;

    let mut decimal = Decimal { negative, digits: [0; MOST_DIGITS], count: 0, point: 0 };
    for next in whole {
        if let Symbol::Digit(digit) = *next {
            decimal.digits[decimal.count] = digit;
            decimal.count += 1;
        }
    }
    decimal.point = decimal.count as i32 + exponent.unwrap_or(0);
    for next in rest.iter().skip(1) {
        let Symbol::Digit(digit) = *next else {
            return Err(Fault::Form);
        };
        decimal.digits[decimal.count] = digit;
        decimal.count += 1;
    }
    if decimal.count == 0 { Err(Fault::Form) } else { Ok(decimal) }
}

fn read_exponent(text: &str) -> Result<i32, Fault> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::Form);
    }
    if digits.len() > 3 {
        return Err(Fault::TooLarge);
    }
    let value: i32 = digits.parse().map_err(|_| Fault::Form)?;
    let value = value.min(900);
    Ok(if text.starts_with('-') { -value } else { value })
}

/// Position of the decimal mark, if there is one.
fn decimal_mark(symbols: &[Symbol], mark: DecimalMark, scientific: bool) -> Result<Option<usize>, Fault> {
    let last = |wanted: Symbol| symbols.iter().rposition(|s| *s == wanted);
    let count = |wanted: Symbol| symbols.iter().filter(|s| **s == wanted).count();
    match mark {
        DecimalMark::Point => return Ok(last(Symbol::Point)),
        DecimalMark::Comma => return Ok(last(Symbol::Comma)),
        DecimalMark::Guess => {}
    }
    match (last(Symbol::Point), last(Symbol::Comma)) {
        (None, None) => Ok(None),
        (Some(point), Some(comma)) => Ok(Some(point.max(comma))),
        (Some(point), None) => Ok((count(Symbol::Point) == 1).then_some(point)),
        (None, Some(_)) if count(Symbol::Comma) > 1 => Ok(None),
        (None, Some(comma)) => {
            let thousands = symbols.len() - comma == 4
                && (1..=3).contains(&comma)
                && symbols[0] != Symbol::Digit(0)
                && symbols[..comma].iter().all(|s| matches!(s, Symbol::Digit(_)))
                && !scientific;
            if thousands { Err(Fault::Ambiguous) } else { Ok(Some(comma)) }
        }
    }
}

/// Groups before the decimal mark: one kind of separator, one to three digits first and not a lone
/// zero, three digits last, two or three between (two only with commas, as in India).
fn check_groups(whole: &[Symbol]) -> Result<(), Fault> {
    let Some(first) = whole.iter().position(|s| !matches!(s, Symbol::Digit(_))) else {
        return Ok(());
    };
    let separator = whole[first];
    let mut groups = whole[first + 1..].split(|s| *s == separator).peekable();
    let mut sound = (1..=3).contains(&first) && whole[0] != Symbol::Digit(0);
    while let Some(group) = groups.next() {
        let last = groups.peek().is_none();
        let length = group.len() == 3 || (group.len() == 2 && !last && separator == Symbol::Comma);
        sound &= length && group.iter().all(|s| matches!(s, Symbol::Digit(_)));
    }
    if sound { Ok(()) } else { Err(Fault::Form) }
}

#[cfg(test)]
mod tests;
