export { default } from "@zazuko/yasgui";
