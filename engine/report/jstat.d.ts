/** The part of jstat that we use; the package ships no types. It is CommonJS without names that Node can see. */
declare module 'jstat' {
  const jstat: {
    readonly studentt: {
      cdf(x: number, degreesOfFreedom: number): number;
      inv(p: number, degreesOfFreedom: number): number;
    };
  };
  export default jstat;
}
