/** The part of jstat that we use; the package ships no types. */
declare module 'jstat' {
  export const jStat: {
    readonly studentt: {
      cdf(x: number, degreesOfFreedom: number): number;
      inv(p: number, degreesOfFreedom: number): number;
    };
  };
}
