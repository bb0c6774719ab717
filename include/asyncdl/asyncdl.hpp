#pragma once
// Everything but the opt-in headers below asyncdl/with.

#include <asyncdl/async_semaphore.hpp>
#include <asyncdl/download_manager.hpp>
#include <asyncdl/downloader.hpp>
#include <asyncdl/error.hpp>
#include <asyncdl/mask_secrets.hpp>
#include <asyncdl/memory_sink.hpp>
#include <asyncdl/observer.hpp>
#include <asyncdl/version.hpp>
