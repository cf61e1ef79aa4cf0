export default {
  jobs: {
    input: "./openapi.json",
    output: { target: "./orval/api.ts", client: "fetch", mode: "single", baseUrl: process.env.JOBS_URL },
  },
};
