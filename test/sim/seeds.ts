/**
 * The seeds a simulation runs with: `usual` of them, in CI `required`, or as many as PARLEY_SEEDS says (the CI run takes a
 * hundred). Test files that share a scenario take every second one each.
 */
export function seeds(usual: number, part: 0 | 1, required = usual): readonly number[] {
  const own = process.env.PARLEY_INTEROP === "required" ? required : usual;
  const count = Number(process.env.PARLEY_SEEDS ?? own);
  return Array.from({ length: count }, (_, seed) => seed).filter((seed) => seed % 2 === part);
}
