/** A step that was given up when its attempt was asked to stop: the state before it is what counts. */
export class StepInterrupted extends Error {
  constructor() {
    super('The step was given up');
    this.name = 'StepInterrupted';
  }
}
