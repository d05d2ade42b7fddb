//! Cargo-XML: house waybills (XFZB), house manifests (XFHL) and master waybills (XFWB), version 3.

use super::{Parcel, Rows, amount, element, marked};
use crate::model::schema::Column;
use std::fmt::Write;

/// The header that all messages have.
fn header(out: &mut String, id: &str, name: &str, kind: &str, day: &str) {
    out.push_str("<rsm:MessageHeaderDocument>");
    element(out, "ram:ID", id);
    element(out, "ram:Name", name);
    element(out, "ram:TypeCode", kind);
    element(out, "ram:IssueDateTime", &format!("{day}T00:00:00"));
    element(out, "ram:PurposeCode", "Creation");
    element(out, "ram:VersionID", "3.00");
    out.push_str("</rsm:MessageHeaderDocument>");
}

fn open(out: &mut String, name: &str, space: &str) {
    // Writing to a string cannot fail.
    let _ = write!(out, "<rsm:{name} xmlns:rsm=\"iata:{space}:1\" xmlns:ram=\"iata:datamodel:3\">");
}

/// The flight's designator and day.
fn flight(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

fn movement(out: &mut String, rows: &Rows, row: usize) {
    let text = rows.text(Column::Flight, row);
    let (number, day) = flight(&text);
    let event = |out: &mut String, name: &str, day: &str| {
        if !day.is_empty() {
            let _ = write!(
                out,
                "<ram:{name}><ram:ScheduledOccurrenceDateTime>{day}T00:00:00</ram:ScheduledOccurrenceDateTime></ram:{name}>"
            );
        }
    };
    out.push_str("<ram:SpecifiedLogisticsTransportMovement>");
    element(out, "ram:StageCode", "Main-Carriage");
    element(out, "ram:ModeCode", "4");
    element(out, "ram:ID", number);
    event(out, "ArrivalEvent", &rows.text(Column::Date, row));
    event(out, "DepartureEvent", day);
    out.push_str("</ram:SpecifiedLogisticsTransportMovement>");
}

/// Columns of a party: name, street, city, postcode, country, telephone, e-mail.
type Columns = [Column; 7];
const CONSIGNOR: Columns = [
    Column::ConsignorName,
    Column::ConsignorAddress,
    Column::ConsignorCity,
    Column::ConsignorPostcode,
    Column::ConsignorCountry,
    Column::ConsignorPhone,
    Column::ConsignorEmail,
];
const CONSIGNEE: Columns = [
    Column::ConsigneeName,
    Column::ConsigneeAddress,
    Column::ConsigneeCity,
    Column::ConsigneePostcode,
    Column::ConsigneeCountry,
    Column::ConsigneePhone,
    Column::ConsigneeEmail,
];

fn party(out: &mut String, rows: &Rows, row: usize, name: &str, columns: Columns) {
    let [who, street, city, postcode, country, phone, email] = columns.map(|c| rows.text(c, row));
    let _ = write!(out, "<ram:{name}>");
    element(out, "ram:Name", &who);
    out.push_str("<ram:PostalStructuredAddress>");
    element(out, "ram:PostcodeCode", &postcode);
    element(out, "ram:StreetName", &street);
    element(out, "ram:CityName", &city);
    element(out, "ram:CountryID", &country);
    out.push_str("</ram:PostalStructuredAddress><ram:DefinedTradeContact>");
    if !phone.is_empty() {
        out.push_str("<ram:DirectTelephoneCommunication>");
        element(out, "ram:CompleteNumber", &phone);
        out.push_str("</ram:DirectTelephoneCommunication>");
    }
    if !email.is_empty() {
        out.push_str("<ram:URIEmailCommunication>");
        element(out, "ram:URIID", &email);
        out.push_str("</ram:URIEmailCommunication>");
    }
    let _ = write!(out, "</ram:DefinedTradeContact></ram:{name}>");
}

/// A note for customs: the identification of a party.
fn note(out: &mut String, party: &str, country: &str, id: &str) {
    if !id.is_empty() {
        out.push_str("<ram:IncludedCustomsNote>");
        element(out, "ram:ContentCode", "T");
        element(out, "ram:Content", id);
        element(out, "ram:SubjectCode", party);
        element(out, "ram:CountryID", country);
        out.push_str("</ram:IncludedCustomsNote>");
    }
}

/// A house waybill; `alone` tells that no other message knows its flight.
pub(super) fn house(rows: &Rows, parcel: Parcel, alone: bool, out: &mut String) {
    let row = parcel.start;
    let text = |column| rows.text(column, row);
    let (id, currency) = (text(Column::ParcelId), text(Column::Currency));
    open(out, "HouseWaybill", "housewaybill");
    header(out, &id, "House Waybill", "703", &text(Column::PostingDate));
    out.push_str("<rsm:BusinessHeaderDocument>");
    element(out, "ram:ID", &id);
    out.push_str("</rsm:BusinessHeaderDocument><rsm:MasterConsignment><ram:TransportContractDocument>");
    element(out, "ram:ID", &text(Column::ManifestId));
    out.push_str("</ram:TransportContractDocument><ram:IncludedHouseConsignment>");
    element(out, "ram:ID", &id);
    marked(out, "ram:DeclaredValueForCustomsAmount", "currencyID", &currency, &amount(rows.value(&parcel)));
    marked(out, "ram:InsuranceValueAmount", "currencyID", &currency, &text(Column::InsuredValue));
    marked(out, "ram:TotalPrepaidChargeAmount", "currencyID", &currency, &text(Column::TransportCost));
    marked(out, "ram:IncludedTareGrossWeightMeasure", "unitCode", "KGM", &text(Column::GrossWeightKg));
    element(out, "ram:TotalPieceQuantity", "1");
    element(out, "ram:SummaryDescription", &text(Column::Description));
    party(out, rows, row, "ConsignorParty", CONSIGNOR);
    party(out, rows, row, "ConsigneeParty", CONSIGNEE);
    out.push_str("<ram:FreightForwarderParty>");
    element(out, "ram:Name", &text(Column::Carrier));
    out.push_str("</ram:FreightForwarderParty>");
    let seller = text(Column::SellerName);
    if !seller.is_empty() {
        out.push_str("<ram:AssociatedParty>");
        element(out, "ram:Name", &seller);
        element(out, "ram:RoleCode", "SE");
        out.push_str("</ram:AssociatedParty>");
    }
    if alone {
        movement(out, rows, row);
    }
    note(out, "SHP", &text(Column::ConsignorCountry), &text(Column::ConsignorId));
    note(out, "CNE", &text(Column::ConsigneeCountry), &text(Column::ConsigneeId));
    let order = text(Column::OrderId);
    if !order.is_empty() {
        out.push_str("<ram:AssociatedReferenceDocument>");
        element(out, "ram:ID", &order);
        element(out, "ram:TypeCode", "105");
        out.push_str("</ram:AssociatedReferenceDocument>");
    }
    for row in parcel {
        let text = |column| rows.text(column, row);
        out.push_str("<ram:IncludedHouseConsignmentItem>");
        element(out, "ram:SequenceNumeric", &text(Column::LineNumber));
        element(out, "ram:TypeCode", &text(Column::HsCode));
        element(out, "ram:PieceQuantity", &text(Column::Quantity));
        out.push_str("<ram:NatureIdentificationTransportCargo>");
        element(out, "ram:Identification", &text(Column::Description));
        out.push_str("</ram:NatureIdentificationTransportCargo>");
        let origin = text(Column::OriginCountry);
        if !origin.is_empty() {
            out.push_str("<ram:OriginCountry>");
            element(out, "ram:ID", &origin);
            out.push_str("</ram:OriginCountry>");
        }
        out.push_str("</ram:IncludedHouseConsignmentItem>");
    }
    out.push_str("</ram:IncludedHouseConsignment></rsm:MasterConsignment></rsm:HouseWaybill>\n");
}

/// Parcels of one master waybill, day and flight, in the order of their first parcels.
pub(super) fn masters(rows: &Rows, parcels: &[Parcel]) -> Vec<Vec<Parcel>> {
    let mut masters: Vec<(String, Vec<Parcel>)> = Vec::new();
    let mut known = std::collections::BTreeMap::new();
    for parcel in parcels {
        let key =
            [Column::ManifestId, Column::Date, Column::Flight].map(|c| rows.text(c, parcel.start)).join("|");
        let place = *known.entry(key.clone()).or_insert_with(|| {
            masters.push((key, Vec::new()));
            masters.len() - 1
        });
        masters[place].1.push(parcel.clone());
    }
    masters.into_iter().map(|m| m.1).collect()
}

/// A master waybill, its house manifest and its house waybills, for each master waybill.
pub(super) fn manifests(rows: &Rows, parcels: &[Parcel], out: &mut String) {
    for parcels in masters(rows, parcels) {
        let Some(first) = parcels.first().map(|p| p.start) else { continue };
        let (master, day) = (rows.text(Column::ManifestId, first), rows.text(Column::Date, first));
        open(out, "Waybill", "waybill");
        header(out, &master, "Master Air Waybill", "741", &day);
        out.push_str("<rsm:BusinessHeaderDocument>");
        element(out, "ram:ID", &master);
        out.push_str("</rsm:BusinessHeaderDocument><rsm:MasterConsignment>");
        movement(out, rows, first);
        out.push_str("</rsm:MasterConsignment></rsm:Waybill>\n");

        open(out, "HouseManifest", "housemanifest");
        header(out, &format!("{master}_HM"), "House Manifest", "785", &day);
        out.push_str("<rsm:BusinessHeaderDocument>");
        element(out, "ram:ID", &master);
        out.push_str("</rsm:BusinessHeaderDocument><rsm:MasterConsignment>");
        element(out, "ram:TotalPieceQuantity", &parcels.len().to_string());
        out.push_str("<ram:TransportContractDocument>");
        element(out, "ram:ID", &master);
        out.push_str("</ram:TransportContractDocument>");
        for (i, parcel) in parcels.iter().enumerate() {
            let text = |column| rows.text(column, parcel.start);
            out.push_str("<ram:IncludedHouseConsignment>");
            element(out, "ram:SequenceNumeric", &(i + 1).to_string());
            marked(out, "ram:GrossWeightMeasure", "unitCode", "KGM", &text(Column::GrossWeightKg));
            element(out, "ram:TotalPieceQuantity", "1");
            element(out, "ram:SummaryDescription", &text(Column::Description));
            out.push_str("<ram:TransportContractDocument>");
            element(out, "ram:ID", &text(Column::ParcelId));
            out.push_str("</ram:TransportContractDocument></ram:IncludedHouseConsignment>");
        }
        out.push_str("</rsm:MasterConsignment></rsm:HouseManifest>\n");
        for parcel in parcels {
            house(rows, parcel, false, out);
        }
    }
}
