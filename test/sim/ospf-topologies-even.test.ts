import { testTopologies } from "./ospf-topologies.ts";

testTopologies(0);
