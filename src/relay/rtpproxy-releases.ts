/** RTPProxy's releases, with the commits of their tags in https://github.com/sippy/rtpproxy.git. */
export const knownRtpproxyReleases: Readonly<Record<string, string>> = {
  "v2.2.1": "f64e8cfc52918fd834e15f23f65e438bedd8971c",
  "v3.1.1": "2f5251f2430ba61cb820c65f66ae16d4a17a0c5e",
  "v3.2.0": "b26b09b32481e4cb6350075a73784bc1a2503ca0",
};
