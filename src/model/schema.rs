//! The input columns: the one place where their names stand.

/// What a cell of an input column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    Text,
    /// A calendar day, ISO 8601.
    Date,
    /// A decimal number.
    Number,
}

macro_rules! columns {
    ($($variant:ident $name:literal $kind:ident $required:literal $meaning:literal;)*) => {
        /// An input column: one row is one declared line of a parcel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Column { $(#[doc = $meaning] $variant),* }

        impl Column {
            /// Every column, in the order of the documentation.
            pub const ALL: &'static [Column] = &[$(Column::$variant),*];
            /// How many columns there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The column's name in files.
            pub const fn name(self) -> &'static str {
                match self { $(Column::$variant => $name),* }
            }
            /// What its cells hold.
            pub const fn kind(self) -> Kind {
                match self { $(Column::$variant => Kind::$kind),* }
            }
            /// Whether a file without it cannot be used.
            pub const fn required(self) -> bool {
                match self { $(Column::$variant => $required),* }
            }
            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Column::$variant => $meaning),* }
            }
        }
    };
}

columns! {
    ParcelId "parcel_id" Text true "Postal: 13-character S10 item identifier; express: house waybill number.";
    ManifestId "manifest_id" Text false "Postal: dispatch or receptacle; express: master air waybill.";
    Carrier "carrier" Text false "Designated operator or express carrier code.";
    Date "date" Date true "Day on which the goods are presented for import.";
    LineNumber "line_number" Number false "Number of the line within the parcel, from 1.";
    ConsignorName "consignor_name" Text true "Sender as declared.";
    ConsignorAddress "consignor_address" Text false "Sender's street and number.";
    ConsignorCity "consignor_city" Text false "Sender's city.";
    ConsignorPostcode "consignor_postcode" Text false "Sender's postcode.";
    ConsignorPhone "consignor_phone" Text false "Sender's telephone.";
    ConsignorEmail "consignor_email" Text false "Sender's e-mail.";
    ConsignorId "consignor_id" Text false "Any registration of the sender (EORI, tax number).";
    ConsignorCountry "consignor_country" Text true "Sender's country, ISO 3166-1 alpha-2.";
    ConsigneeName "consignee_name" Text true "Addressee as declared.";
    ConsigneeAddress "consignee_address" Text false "Addressee's street and number.";
    ConsigneeCity "consignee_city" Text false "Addressee's city.";
    ConsigneePostcode "consignee_postcode" Text false "Addressee's postcode.";
    ConsigneePhone "consignee_phone" Text false "Addressee's telephone.";
    ConsigneeEmail "consignee_email" Text false "Addressee's e-mail.";
    ConsigneeId "consignee_id" Text false "Any registration of the addressee.";
    ConsigneeCountry "consignee_country" Text true "Addressee's country, ISO 3166-1 alpha-2.";
    Nature "nature" Text false "CN 23 category: sale, gift, documents, sample, returned, other.";
    Description "description" Text true "Goods description of the line as declared.";
    HsCode "hs_code" Text false "Harmonized System code, 6 to 10 digits.";
    OriginCountry "origin_country" Text false "Country of origin of the goods, ISO 3166-1 alpha-2.";
    Quantity "quantity" Number false "Pieces on the line.";
    NetWeightKg "net_weight_kg" Number false "Net weight of the line, kg.";
    GrossWeightKg "gross_weight_kg" Number true "Gross weight of the parcel, kg.";
    Value "value" Number false "Declared value of the line, all pieces, without transport.";
    ParcelValue "parcel_value" Number false "Declared value of the whole parcel, where the source has one value a waybill.";
    Currency "currency" Text true "Currency of every amount on the record, ISO 4217.";
    TransportCost "transport_cost" Number false "Postage or freight of the parcel.";
    InsuranceCost "insurance_cost" Number false "Cost of insuring the parcel.";
    InsuredValue "insured_value" Number false "Sum for which the parcel is insured.";
    IossNumber "ioss_number" Text false "EU import one-stop-shop identification number.";
    PostingDate "posting_date" Date false "Day of posting.";
    OrderDate "order_date" Date false "Day of the order.";
    ReceptacleId "receptacle_id" Text false "Postal receptacle, 29 characters.";
    Flight "flight" Text false "Flight number and date.";
    Platform "platform" Text false "Marketplace.";
    SellerName "seller_name" Text false "Seller where it is not the consignor.";
    OrderId "order_id" Text false "Order number.";
    ProcedureCodes "procedure_codes" Text false "Additional procedure codes, separated by spaces (C07, C08, F48).";
    NoCustomsValue "no_customs_value" Text false "What the record says where it declares no customs value: NCV, true; such a line needs neither value nor parcel_value.";
    Packages "packages" Number false "Packages of the parcel, where the source counts those and not the pieces of its goods.";
    MessageTime "message_time" Text false "Time at which the advance data was sent, ISO 8601.";
    DepartureTime "departure_time" Text false "Time at which the goods leave for the country of import, ISO 8601.";
    ArrivalTime "arrival_time" Text false "Time at which the goods arrive there, ISO 8601.";
}

impl Column {
    /// The column of that name, if there is one.
    pub fn named(name: &str) -> Option<Column> {
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }
}
