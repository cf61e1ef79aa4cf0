export * from "preact";
export * from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
export type { ReadonlySignal, Signal } from "@preact/signals";
import type { ComponentChild, VNode } from "preact";
export const html: (strings: TemplateStringsArray, ...values: any[]) => VNode<any>;
export type Child = ComponentChild;
