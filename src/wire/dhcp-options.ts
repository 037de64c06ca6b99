import {
  bit,
  bits,
  bytes,
  choose,
  computed,
  i32,
  ip,
  list,
  mac,
  struct,
  text,
  u16,
  u32,
  u8,
  when,
  type Field,
} from "#packet/field.ts";
import { message } from "#packet/message.ts";
import {
  hexField,
  namesField,
  padsField,
  routesField,
  userClassesField,
  uuidField,
} from "#wire/dhcp-codecs.ts";
import { DHCP_MESSAGES, DHCP_OPTIONS, RELAY_SUBOPTIONS } from "#wire/dhcp-numbers.ts";
import { nameField } from "#wire/dns-name.ts";

const query = (name: string): { readonly query: string } => ({ query: `dhcp.option.${name}` });
const address = (name: string): Field<string> => ip("0.0.0.0", query(name));
const addresses = (name: string): Field<readonly string[]> => list(address(name));
const string = (name: string): Field<string> => text("rest", query(name));
const number8 = (name: string): Field<number> => u8(0, query(name));
const number16 = (name: string): Field<number> => u16(0, query(name));
const number32 = (name: string): Field<number> => u32(0, query(name));
const truth = (name: string): Field<number> => u8(1, { ...query(name), display: "boolean" });

/** An option of which not even the length is there is none. */
export const HAS_LENGTH = "length > 0";

const PolicyFilter = message("dhcp.option.policy_filter", {
  fields: { address: ip("0.0.0.0", { query: ".ip" }), mask: ip("0.0.0.0", { query: ".subnet_mask" }) },
});

const StaticRoute = message("dhcp.option.static_route", {
  fields: { destination: ip("0.0.0.0", { query: ".ip" }), router: ip() },
});

/** Which of a client's leases, and who it is. RFC 4361 6.1, RFC 8415 11. */
const Duid = message("dhcp.client_id.duid", {
  rfc: "RFC 4361 6.1",
  prefix: "dhcp.client_id",
  fields: {
    identityAssociation: hexField("dhcp.client_id.iaid", "Identity association", 4),
    type: u16(3, {
      query: ".duid_type",
      names: { 1: "link address and time", 2: "enterprise", 3: "link address", 4: "UUID" },
    }),
    linkTimeType: when("type == 1", u16(1, { query: ".duid_llt_hw_type" })),
    time: when("type == 1", u32(0)),
    linkType: when("type == 3", u16(1, { query: ".duid_ll_hw_type" })),
    linkAddress: when(
      "type == 1 || type == 3",
      hexField("dhcp.client_id.link_layer_address", "Link-layer address", undefined, ":"),
    ),
    enterprise: when("type == 2", u32(0, { query: ".enterprise_num" })),
    identifier: when("rest > 0", bytes("rest", { query: "dhcp.client_id", title: "Identifier" })),
  },
});

const HARDWARE_ID = "size == 7 && type > 0 && type < 48";

/** Who a client is: a hardware address, a text, a DUID or what it likes. RFC 2132 9.14. */
const ClientId = message("dhcp.client_id", {
  rfc: "RFC 2132 9.14",
  fields: {
    type: u8(1, { query: [], names: { 0: "text", 1: "Ethernet", 255: "DUID" } }),
    mac: when(
      "(type == 1 || type == 6) && rest == 6",
      mac("00:00:00:00:00:00", { query: "dhcp.hw.mac_addr" }),
    ),
    uuid: when("type == 0 && rest == 16", uuidField()),
    duid: when("type == 255 && rest > 6", struct(Duid)),
    text: when("type == 0 && rest > 0", text("rest", { query: ".undef" })),
    data: when("rest > 0", bytes("rest", { query: "dhcp.client_id" })),
  },
  derived: {
    "dhcp.hw.type": { type: "number", title: "Hardware type", value: "type", when: HARDWARE_ID },
    "dhcp.client_id.type": {
      type: "number",
      title: "Type",
      value: "type",
      when: "type == 0 && size > 1 && size != 17",
    },
  },
});

/** A client's name, and who is to tell DNS of it. RFC 4702. */
const ClientFqdn = message("dhcp.fqdn", {
  rfc: "RFC 4702",
  needs: "3",
  fields: {
    reserved: bits(4, 0, {
      query: ".mbz",
      display: "hex",
      whole: { query: ".flags", display: "hex", title: "Flags" },
    }),
    noUpdate: bit({ query: ".n" }),
    encoded: bit({ query: ".e" }),
    override: bit({ query: ".o" }),
    server: bit({ query: ".s" }),
    code1: u8(0, { query: ".rcode1", title: "Result of the address" }),
    code2: u8(0, { query: ".rcode2", title: "Result of the pointer" }),
    name: choose(
      "encoded",
      {
        0: text("rest", { query: "dhcp.fqdn.name" }),
        1: nameField({ query: "dhcp.fqdn.name", title: "Name", compress: false }),
      },
      { length: "rest", query: [] },
    ),
  },
});

const RelayVendor = message("dhcp.option.agent_information_option.vi", {
  rfc: "RFC 4243",
  fields: {
    enterprise: u32(0),
    length: u8(computed("sizeOf.data"), { query: ".data_length" }),
    data: bytes("length", { query: "dhcp.option.agent_information_option.value" }),
  },
});

const VirtualSubnet = message("dhcp.option.agent_information_option.vrf", {
  rfc: "RFC 6607",
  fields: {
    type: u8(0, { query: [], names: { 0: "name", 1: "VPN", 255: "global" } }),
    name: text("rest", { query: "dhcp.option.agent_information_option.vrf_name" }),
  },
});

/** What a relay says of where a client is. RFC 3046; the types of the registry. */
const RelaySuboption = message("dhcp.option.agent_information_option", {
  title: "Suboption",
  rfc: "RFC 3046",
  fields: {
    type: u8(1, { query: ".suboption", names: RELAY_SUBOPTIONS }),
    length: u8(computed("sizeOf.data"), { query: "dhcp.option.suboption_length" }),
    data: choose(
      "type",
      {
        1: bytes("length", query("agent_information_option.agent_circuit_id")),
        2: bytes("length", query("agent_information_option.agent_remote_id")),
        4: number32("agent_information_option.docsis_device_class"),
        5: address("agent_information_option.link_selection"),
        6: string("agent_information_option.subscriber_id"),
        7: bytes("rest", query("agent_information_option.radius_attributes")),
        8: bytes("rest", query("agent_information_option.authentication")),
        9: list(RelayVendor),
        10: number8("agent_information_option.flags"),
        11: address("agent_information_option.server_id_override"),
        12: bytes("rest", query("agent_information_option.relay_agent_id")),
        150: address("agent_information_option.link_selection_cisco"),
        151: VirtualSubnet,
        152: address("agent_information_option.server_id_override_cisco"),
      },
      { length: "length", query: [], raw: { query: ".value", title: "Value" }, salvage: true },
    ),
  },
});

const NetworkInterface = message("dhcp.client_network_id", {
  rfc: "RFC 4578 2.2",
  fields: {
    type: u8(1, { query: [] }),
    major: u8(3, { query: "dhcp.client_network_id_major" }),
    minor: u8(0, { query: "dhcp.client_network_id_minor" }),
  },
});

const MachineId = message("dhcp.uuid", {
  rfc: "RFC 4578 2.3",
  fields: { type: u8(0, { query: [] }), uuid: uuidField() },
});

const SipServers = message("dhcp.option.sip_server", {
  rfc: "RFC 3361",
  fields: {
    encoding: u8(1, { names: { 0: "names", 1: "addresses" } }),
    servers: choose(
      "encoding",
      {
        0: namesField("dhcp.option.sip_server.name", "SIP server"),
        1: addresses("sip_server.address"),
      },
      { length: "rest", query: [] },
    ),
  },
});

const VendorClass = message("dhcp.option.vi_class", {
  rfc: "RFC 3925 3",
  fields: {
    enterprise: u32(0),
    length: u8(computed("sizeOf.data")),
    data: text("length"),
  },
});

const VendorSuboption = message("dhcp.vendor", {
  fields: {
    type: u8(1, { query: ".suboption" }),
    length: u8(computed("sizeOf.data"), { query: "dhcp.option.suboption_length" }),
    data: bytes("length"),
  },
});

const VendorInformation = message("dhcp.option.vi", {
  rfc: "RFC 3925 4",
  fields: {
    enterprise: u32(0),
    length: u8(computed("sizeOf.suboptions")),
    suboptions: list(VendorSuboption, { length: "length", fits: HAS_LENGTH }),
  },
});

/** What an option holds, by its type; bytes for a type without a case. RFC 2132 and those of the types. */
const CASES = {
  1: address("subnet_mask"),
  2: i32(0, query("time_offset")),
  3: addresses("router"),
  4: addresses("time_server"),
  5: addresses("name_server"),
  6: addresses("domain_name_server"),
  7: addresses("log_server"),
  8: addresses("quotes_server"),
  9: addresses("lpr_server"),
  10: addresses("impress_server"),
  11: addresses("resource_location_server"),
  12: string("hostname"),
  13: number16("boot_file_size"),
  14: string("merit_dump_file"),
  15: string("domain_name"),
  16: address("swap_server"),
  17: string("root_path"),
  18: string("extension_path"),
  19: truth("ip_forwarding"),
  20: truth("non_local_source_routing"),
  21: list(PolicyFilter),
  22: number16("max_datagram_reassembly_size"),
  23: number8("default_ip_ttl"),
  24: number32("path_mtu_aging_timeout"),
  25: list(number16("path_mtu_plateau_table_item")),
  26: number16("interface_mtu"),
  27: truth("all_subnets_are_local"),
  28: address("broadcast_address"),
  29: truth("perform_mask_discovery"),
  30: truth("mask_supplier"),
  31: truth("perform_router_discover"),
  32: address("router_solicitation_address"),
  33: list(StaticRoute),
  34: truth("trailer_encapsulation"),
  35: number32("arp_cache_timeout"),
  36: truth("ethernet_encapsulation"),
  37: number8("tcp_default_ttl"),
  38: number32("tcp_keepalive_interval"),
  39: truth("tcp_keepalive_garbage"),
  40: string("nis_domain"),
  41: addresses("nis_server"),
  42: addresses("ntp_server"),
  43: bytes("rest", query("vendor.value")),
  44: addresses("netbios_over_tcpip_name_server"),
  45: addresses("netbios_over_tcpip_dd_name_server"),
  46: number8("netbios_over_tcpip_node_type"),
  47: string("netbios_over_tcpip_scope"),
  48: addresses("xwindows_system_font_server"),
  49: addresses("xwindows_system_display_manager"),
  50: address("requested_ip_address"),
  51: number32("ip_address_lease_time"),
  52: number8("option_overload"),
  53: u8(1, { ...query("dhcp"), names: DHCP_MESSAGES }),
  54: address("dhcp_server_id"),
  55: list(u8(0, { ...query("request_list_item"), names: DHCP_OPTIONS })),
  56: string("message"),
  57: number16("dhcp_max_message_size"),
  58: number32("renewal_time_value"),
  59: number32("rebinding_time_value"),
  60: string("vendor_class_id"),
  61: ClientId,
  62: string("novell_netware_ip_domain"),
  64: string("nis_plus_domain"),
  65: addresses("nis_plus_server"),
  66: string("tftp_server_name"),
  67: string("bootfile_name"),
  68: addresses("mobile_ip_home_agent"),
  69: addresses("smtp_server"),
  70: addresses("pop3_server"),
  71: addresses("nntp_server"),
  72: addresses("default_www_server"),
  73: addresses("default_finger_server"),
  74: addresses("default_irc_server"),
  75: addresses("streettalk_server"),
  76: addresses("streettalk_da_server"),
  77: userClassesField(),
  81: ClientFqdn,
  82: list(RelaySuboption, { fits: HAS_LENGTH }),
  91: number32("client_last_transaction_time"),
  92: addresses("associated_ip_option"),
  93: list(number16("client_system_architecture")),
  94: NetworkInterface,
  97: MachineId,
  100: string("tz_pcode"),
  101: string("tz_tcode"),
  114: string("captive_portal"),
  116: number8("dhcp_auto_configuration"),
  118: address("subnet_selection_option"),
  119: namesField("dhcp.option.dhcp_dns_domain_search_list_fqdn", "Domain"),
  120: SipServers,
  121: routesField(),
  124: list(VendorClass),
  125: list(VendorInformation),
  136: addresses("pana_agent"),
  138: addresses("capwap_access_controller"),
  150: addresses("tftp_server_address"),
  249: routesField(),
  252: string("private_proxy_autodiscovery"),
};

/** One option; pads in a row are one. RFC 2132 2. */
export const DhcpOption = message("dhcp.option", {
  title: "Option",
  rfc: "RFC 2132 2",
  fields: {
    type: u8(0, { query: [], names: DHCP_OPTIONS }),
    pads: when("type == 0", padsField()),
    length: when("type != 0 && type != 255", u8(computed("sizeOf.data"))),
    data: when(
      "type != 0 && type != 255",
      choose("type", CASES, {
        length: "length",
        query: [],
        raw: { query: ".value", title: "Value" },
        salvage: true,
      }),
    ),
  },
  // Wireshark gives the last option the type 0 and a name of its own.
  derived: {
    "dhcp.option.type": { type: "number", title: "Option", value: "type == 255 ? 0 : type" },
    "dhcp.option.end": { type: "number", title: "End", value: "type", when: "type == 255" },
  },
});
