import { testFaults } from "./membership-seeds.ts";

testFaults(1);
