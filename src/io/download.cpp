// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/download.hpp>

#include <lamina/error.hpp>

#include <curl/curl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

namespace lamina::io {

namespace {

namespace fs = std::filesystem;

using file_handle = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// One request, and what has come of it so far.
struct transfer {
  file_handle file;
  long long begun;    // bytes that were there before
  long long written;  // bytes in the file
  const download_options& options;
};

/// libcurl calls with the caller's pointer; another result than `count` ends the transfer.
std::size_t receive(char* data, std::size_t, std::size_t count, void* target) {
  auto& self = *static_cast<transfer*>(target);
  if (count > self.options.limit - static_cast<std::size_t>(self.written)) return 0;
  const std::size_t done = std::fwrite(data, 1, count, self.file.get());
  self.written += static_cast<long long>(done);
  return done;
}

int tell(void* target, curl_off_t all, curl_off_t, curl_off_t, curl_off_t) {
  const auto& self = *static_cast<transfer*>(target);
  if (self.options.progress) self.options.progress(self.written, all > 0 ? self.begun + all : 0);
  return 0;
}

void start_curl_once() {
  static const CURLcode status = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (status != CURLE_OK) throw error(std::string("libcurl: ") + curl_easy_strerror(status));
}

/// How a request ended.
struct outcome {
  CURLcode status;
  long http_status;
  std::string message;
  bool grew;

  bool is_whole() const { return status == CURLE_OK; }
  /// The server does not send ranges, or has no bytes where the file ends.
  bool must_begin_anew() const { return status == CURLE_RANGE_ERROR || http_status == 416; }
  bool may_go_on() const {
    return grew && (status == CURLE_PARTIAL_FILE || status == CURLE_OPERATION_TIMEDOUT ||
                    status == CURLE_RECV_ERROR);
  }
};

outcome request(const std::string& address, transfer& into) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw error("libcurl: out of memory");
  char message[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(curl.get(), option, value);
  };
  set(CURLOPT_URL, address.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 20L);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);  // bytes a second, for as many seconds as in the next line
  set(CURLOPT_LOW_SPEED_TIME, into.options.stalled_seconds);
  set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(into.begun));
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(message));
  set(CURLOPT_WRITEFUNCTION, &receive);
  set(CURLOPT_WRITEDATA, &into);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &tell);
  set(CURLOPT_XFERINFODATA, &into);
  const CURLcode status = curl_easy_perform(curl.get());
  long http_status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &http_status);
  return {status, http_status, *message != '\0' ? message : curl_easy_strerror(status),
          into.written > into.begun};
}

outcome request_rest(const std::string& address, const fs::path& to,
                     const download_options& options) {
  file_handle file(std::fopen(to.c_str(), "ab"), &std::fclose);
  if (!file) throw error(to.string() + ": cannot write: " + std::strerror(errno));
  const auto there = static_cast<long long>(fs::file_size(to));
  transfer into{std::move(file), there, there, options};
  auto result = request(address, into);
  if (std::fclose(into.file.release()) != 0)
    throw error(to.string() + ": cannot write: " + std::strerror(errno));
  return result;
}

}  // namespace

void download(const std::string& address, const fs::path& to, const download_options& options) {
  start_curl_once();
  for (bool anew = false;;) {
    const auto result = request_rest(address, to, options);
    if (result.is_whole()) return;
    if (result.must_begin_anew() && !anew) {
      anew = true;
      fs::resize_file(to, 0);
      continue;
    }
    if (result.may_go_on() && !anew) continue;
    const auto failure = address + ": cannot be downloaded: " + result.message;
    if (result.status == CURLE_HTTP_RETURNED_ERROR) throw not_served(failure);
    throw error(failure);
  }
}

}  // namespace lamina::io
