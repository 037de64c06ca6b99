import { seededRandom } from "#base/random.ts";
import { randomGiven } from "#packet/random-values.ts";
import { emit } from "#packet/build.ts";
import { parse } from "#packet/parse.ts";
import { Dhcp } from "#wire/dhcp.ts";
for (let seed = 0; seed < 6; seed++) {
  const given = randomGiven(Dhcp, seededRandom(`given dhcp ${seed}`));
  const parsed = parse(Dhcp, emit(Dhcp, given));
  console.log(JSON.stringify(given).slice(0, 900)); console.log(parsed.ok ? JSON.stringify(parsed.value).slice(0, 900) : parsed.error); console.log();
}
