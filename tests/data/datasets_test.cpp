// IDX, CIFAR and synthetic data: what is read, and what is said when it cannot be. Image folders:
// folder_test.cpp.
#include "data/data_files.hpp"
#include "support/golden.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <set>

namespace vit {
namespace {

using test::error_of;
using test::open_source;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string gzip(const std::string& bytes, const fs::path& path) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class IdxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file(dir_ / "train-images-idx3-ubyte", test::idx_images(7));
    write_file(dir_ / "train-labels-idx1-ubyte", test::idx_labels(7));
    write_file(dir_ / "t10k-images-idx3-ubyte", test::idx_images(4));
    write_file(dir_ / "t10k-labels-idx1-ubyte", test::idx_labels(4));
  }
  std::unique_ptr<Dataset> train(const std::string& more = "") {
    return open_source("idx", dir_.path(), more)->open("train");
  }
  TempDir dir_;
};

TEST_F(IdxTest, ReadsPicturesAndLabels) {
  const auto source = open_source("idx", dir_.path());
  EXPECT_THAT(source->splits(), ElementsAre("train", "test"));
  EXPECT_EQ(source->info().kind, "idx");
  EXPECT_EQ(source->info().channels, 1);
  EXPECT_THAT(source->info().classes, ElementsAre("0", "1", "2"));
  EXPECT_FALSE(source->sorted_by_class());
  const auto train = source->open("train");
  ASSERT_EQ(train->size(), 7);
  EXPECT_EQ(train->label(5), 2);
  EXPECT_EQ(train->name(5), "train-images-idx3-ubyte[5]");
  const Image image = train->image(5);
  EXPECT_EQ(image.height, 2);
  EXPECT_EQ(image.width, 3);
  EXPECT_EQ(image.channels, 1);
  EXPECT_THAT(image.pixels, ElementsAre(30, 31, 32, 33, 34, 35));
  EXPECT_EQ(source->open("test")->size(), 4);
}

TEST_F(IdxTest, ReadsGzipAndDottedNames) {
  const std::string packed = gzip(test::idx_images(7), dir_ / "train-images.idx3-ubyte.gz");
  fs::remove(dir_ / "train-images-idx3-ubyte");
  ASSERT_EQ(packed.substr(0, 2), "\x1f\x8b");
  const auto data = train();
  EXPECT_EQ(data->image(6).pixels.at(0), 36);
  EXPECT_EQ(data->name(6), "train-images.idx3-ubyte[6]");
}

TEST_F(IdxTest, TakesClassNames) {
  const auto source = open_source("idx", dir_.path(), ", classes: [a, b, c]");
  EXPECT_THAT(source->info().classes, ElementsAre("a", "b", "c"));
}

TEST_F(IdxTest, RefusesWrongLength) {
  std::string images = test::idx_images(7);
  write_file(dir_ / "train-images-idx3-ubyte", images.substr(0, images.size() - 1));
  EXPECT_THAT(error_of([&] { train(); }),
              AllOf(HasSubstr("train-images-idx3-ubyte' has the wrong length"),
                    HasSubstr("7 x 2 x 3 = 42"), HasSubstr("holds 41")));
  write_file(dir_ / "train-images-idx3-ubyte", images + "x");
  EXPECT_THAT(error_of([&] { train(); }), HasSubstr("the file holds more"));
  write_file(dir_ / "train-images-idx3-ubyte", images.substr(0, 9));
  EXPECT_THAT(error_of([&] { train(); }), HasSubstr("ends within its header"));
  write_file(dir_ / "train-images-idx3-ubyte", "");
  EXPECT_THAT(error_of([&] { train(); }), HasSubstr("holds 0 bytes"));
}

TEST_F(IdxTest, RefusesHeadersThatPromiseTooMuch) {
  write_file(dir_ / "train-images-idx3-ubyte",
             test::idx({0xffffffff, 0xffffffff, 0xffffffff}, "x"));
  EXPECT_THAT(error_of([&] { train(); }), HasSubstr("broken header"));
  write_file(dir_ / "train-images-idx3-ubyte", test::idx({60000, 1000, 1000}, "x"));
  EXPECT_THAT(error_of([&] { train(); }), HasSubstr("wrong length"));  // without 60 GB of memory
}

TEST_F(IdxTest, RefusesWrongMagic) {
  write_file(dir_ / "train-images-idx3-ubyte", test::idx_labels(7));  // labels in place of images
  EXPECT_THAT(error_of([&] { train(); }),
              AllOf(HasSubstr("is no IDX file of images"), HasSubstr("00 00 08 01"),
                    HasSubstr("00 00 08 03")));
}

TEST_F(IdxTest, RefusesDamagedGzip) {
  std::string packed = gzip(test::idx_images(7), dir_ / "train-images-idx3-ubyte");
  write_file(dir_ / "train-images-idx3-ubyte", packed.substr(0, packed.size() - 12));
  EXPECT_THAT(error_of([&] { train(); }), HasSubstr("corrupt or incomplete"));
  packed[packed.size() - 6] ^= 1;  // in the checksum
  write_file(dir_ / "train-images-idx3-ubyte", packed);
  EXPECT_THAT(error_of([&] { train(); }), HasSubstr("corrupt or incomplete"));
}

TEST_F(IdxTest, RefusesLabelsOutOfRange) {
  EXPECT_THAT(error_of([&] { train(", classes: [a, b]"); }),
              AllOf(HasSubstr("train-labels-idx1-ubyte"), HasSubstr("example 2 has label 2"),
                    HasSubstr("2 classes")));
  write_file(dir_ / "t10k-labels-idx1-ubyte", test::idx({4}, {0, 1, 7, 1}));
  EXPECT_THAT(error_of([&] { train(); }),
              AllOf(HasSubstr("t10k-labels"), HasSubstr("example 2 has label 7")));
}

TEST_F(IdxTest, RefusesAStrayLabelWhenClassesAreNotNamed) {
  write_file(dir_ / "train-labels-idx1-ubyte", test::idx({7}, {0, 1, 2, 3, 0, '\xc8', 1}));
  EXPECT_THAT(error_of([&] { train(); }),
              AllOf(HasSubstr("labels out of range"), HasSubstr("200 occurs, but 4 does not")));
}

TEST_F(IdxTest, RefusesImagesAndLabelsThatDoNotMatch) {
  write_file(dir_ / "train-labels-idx1-ubyte", test::idx_labels(6));
  EXPECT_THAT(error_of([&] { train(); }),
              AllOf(HasSubstr("holds 7 images"), HasSubstr("holds 6 labels")));
}

TEST_F(IdxTest, SaysWhatIsMissing) {
  fs::remove(dir_ / "t10k-images-idx3-ubyte");
  EXPECT_THAT(error_of([&] { open_source("idx", dir_.path())->open("test"); }),
              AllOf(HasSubstr("labels but no images for split 'test'"),
                    HasSubstr("t10k-images-idx3-ubyte[.gz]")));
  TempDir empty;
  EXPECT_THAT(error_of([&] { open_source("idx", empty.path()); }),
              AllOf(HasSubstr("looked for"), HasSubstr("the folder is empty")));
  EXPECT_THAT(error_of([&] { open_source("idx", empty / "none"); }), HasSubstr("does not exist"));
}

TEST(FashionMnist, IsTheRealThing) {
  const fs::path root = "/usr/share/datasets/fashion-mnist";
  if (!fs::exists(root)) GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
  const auto source = test::data_section("{name: fashion_mnist}").build();
  EXPECT_EQ(source->info().kind, "fashion_mnist");
  EXPECT_EQ(source->info().classes.size(), 10u);
  const auto train = source->open("train");
  const auto test = source->open("test");
  EXPECT_EQ(train->size(), 60000);
  EXPECT_EQ(test->size(), 10000);
  EXPECT_EQ(source->info().classes.at(static_cast<size_t>(train->label(0))), "Ankle boot");
  EXPECT_EQ(train->image(0).extent(), square(28));
  std::vector<int> count(10);
  for (int64_t i = 0; i < test->size(); ++i) ++count.at(static_cast<size_t>(test->label(i)));
  EXPECT_THAT(count, ::testing::Each(1000));
  // Known by its content alone, under any entry.
  const auto by_path = open_source(recognise_data(root.string()), root);
  EXPECT_EQ(by_path->info().kind, "fashion_mnist");
  EXPECT_EQ(by_path->info().classes.at(9), "Ankle boot");
}

class CifarTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int batch = 1; batch <= 5; ++batch) {
      write_file(
          dir_ / ("data_batch_" + std::to_string(batch) + ".bin"),
          test::cifar_record({static_cast<char>(batch)}, batch) + test::cifar_record({0}, 9));
    }
    write_file(dir_ / "test_batch.bin", test::cifar_record({9}, 1));
  }
  TempDir dir_;
};

TEST_F(CifarTest, ReadsCifar10) {
  const auto source = open_source("cifar", dir_.path());
  EXPECT_EQ(source->info().kind, "cifar10");
  EXPECT_EQ(source->info().classes.at(9), "truck");
  EXPECT_THAT(source->splits(), ElementsAre("train", "test"));
  const auto train = source->open("train");
  ASSERT_EQ(train->size(), 10);
  EXPECT_EQ(train->label(6), 4);
  EXPECT_EQ(train->name(7), "data_batch_4.bin[1]");
  const Image image = train->image(6);
  EXPECT_EQ(image.extent(), square(32));
  EXPECT_EQ(image.pixels.at(3 * 33), 4 + 33);  // row 1, column 1
  EXPECT_EQ(image.pixels.at(3 * 33 + 1), 54 + 33);
  EXPECT_EQ(image.pixels.at(3 * 33 + 2), 104 + 33);
  EXPECT_EQ(source->open("test")->label(0), 9);
}

TEST_F(CifarTest, ReadsClassNamesAndTheArchivesFolder) {
  TempDir outer;
  fs::create_directories(outer / "cifar-10-batches-bin");
  fs::copy(dir_.path(), outer / "cifar-10-batches-bin");
  std::string names;
  for (int i = 0; i < 10; ++i) names += "name" + std::to_string(i) + "\n";
  write_file(outer / "cifar-10-batches-bin/batches.meta.txt", names + "\n");
  EXPECT_EQ(recognise_data(outer.path().string()), "cifar");
  EXPECT_EQ(open_source("cifar10", outer.path())->info().classes.at(3), "name3");
  write_file(outer / "cifar-10-batches-bin/batches.meta.txt", "one\ntwo\n");
  EXPECT_THAT(error_of([&] { open_source("cifar", outer.path()); }),
              HasSubstr("names 2 classes, 10 are expected"));
}

TEST_F(CifarTest, ReadsCifar100) {
  TempDir dir;
  write_file(dir / "train.bin", test::cifar_record({19, 99}, 1) + test::cifar_record({3, 7}, 2));
  write_file(dir / "test.bin", test::cifar_record({0, 5}, 3));
  const auto source = open_source("cifar", dir.path());
  EXPECT_EQ(source->info().kind, "cifar100");
  EXPECT_EQ(source->info().classes.size(), 100u);
  const auto train = source->open("train");
  EXPECT_EQ(train->label(0), 99);
  EXPECT_EQ(train->label(1), 7);
  EXPECT_EQ(train->image(1).pixels.at(0), 2);
  EXPECT_THAT(error_of([&] { open_source("cifar10", dir.path()); }), HasSubstr("data_batch_1.bin"));
  write_file(dir / "test.bin", test::cifar_record({20, 5}, 3));
  EXPECT_THAT(error_of([&] { source->open("test"); }),
              HasSubstr("label 20, but there are 20 classes"));
}

TEST_F(CifarTest, RefusesWrongFiles) {
  const auto open_train = [&] { open_source("cifar", dir_.path())->open("train"); };
  write_file(dir_ / "data_batch_2.bin", test::cifar_record({1}, 0) + "x");
  EXPECT_THAT(error_of(open_train),
              AllOf(HasSubstr("data_batch_2.bin' has the wrong length: 3074 bytes")));
  write_file(dir_ / "data_batch_2.bin", "");
  EXPECT_THAT(error_of(open_train), HasSubstr("wrong length"));
  write_file(dir_ / "data_batch_2.bin", test::cifar_record({1}, 0) + test::cifar_record({10}, 0));
  EXPECT_THAT(error_of(open_train), HasSubstr("example 1 has label 10, but there are 10 classes"));
  fs::remove(dir_ / "data_batch_2.bin");
  EXPECT_THAT(error_of(open_train), HasSubstr("data_batch_2.bin is missing"));
}

TEST(Cifar10, IsTheRealThing) {
  const auto shared = test::shared_dir();
  const fs::path archive = shared ? *shared / "data/cifar10-bin.tar.xz" : fs::path();
  if (!shared || !fs::exists(archive)) GTEST_SKIP() << "the real CIFAR-10 is not here";
  TempDir dir;
  const std::string command =
      "tar -xJf '" + archive.string() + "' -C '" + dir.path().string() +
      "' cifar-10-batches-bin/test_batch.bin cifar-10-batches-bin/batches.meta.txt";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "tar cannot unpack it";
  const auto source = open_source("cifar", dir.path());
  EXPECT_THAT(source->splits(), ElementsAre("test"));
  const auto test = source->open("test");
  ASSERT_EQ(test->size(), 10000);
  std::vector<int> count(10);
  for (int64_t i = 0; i < test->size(); ++i) ++count.at(static_cast<size_t>(test->label(i)));
  EXPECT_THAT(count, ::testing::Each(1000));
  EXPECT_EQ(source->info().classes.at(static_cast<size_t>(test->label(0))), "cat");
}

std::string bytes_of(const Image& image) { return {image.pixels.begin(), image.pixels.end()}; }

TEST(Synthetic, IsAFunctionOfSeedAndIndex) {
  const auto open = [](const std::string& seed) {
    return test::data_section(
               "{name: synthetic, classes: 3, size: [8, 12], train_examples: 30, val_examples: 9, "
               "seed: " +
               seed + "}")
        .build();
  };
  const auto source = open("1");
  EXPECT_THAT(source->splits(), ElementsAre("train", "val"));
  const auto train = source->open("train");
  const auto again = open("1")->open("train");
  const auto other = open("2")->open("train");
  ASSERT_EQ(train->size(), 30);
  EXPECT_EQ(source->open("val")->size(), 9);
  std::set<std::string> pictures;
  for (int64_t i = 0; i < 30; ++i) {
    EXPECT_EQ(train->image(i).extent(), (Extent{8, 12}));
    EXPECT_EQ(train->image(i), again->image(i));
    EXPECT_NE(train->image(i), other->image(i));
    EXPECT_LT(train->label(i), 3);
    pictures.insert(bytes_of(train->image(i)));
  }
  for (int64_t i = 0; i < 9; ++i) pictures.insert(bytes_of(source->open("val")->image(i)));
  EXPECT_EQ(pictures.size(), 39u);
}

// The nearest class mean of the training pictures classifies the validation pictures.
TEST(Synthetic, CanBeLearned) {
  const auto source =
      test::data_section("{name: synthetic, size: 16, train_examples: 200, val_examples: 100}")
          .build();
  const auto train = source->open("train");
  const auto val = source->open("val");
  std::vector<std::vector<double>> means(10, std::vector<double>(16 * 16 * 3));
  for (int64_t i = 0; i < train->size(); ++i) {
    const Image image = train->image(i);
    for (size_t k = 0; k < image.pixels.size(); ++k)
      means[static_cast<size_t>(train->label(i))][k] += image.pixels[k] / 20.0;
  }
  int correct = 0;
  for (int64_t i = 0; i < val->size(); ++i) {
    const Image image = val->image(i);
    std::vector<double> distances;
    for (const auto& mean : means) {
      double sum = 0;
      for (size_t k = 0; k < mean.size(); ++k)
        sum += (mean[k] - image.pixels[k]) * (mean[k] - image.pixels[k]);
      distances.push_back(sum);
    }
    correct +=
        std::min_element(distances.begin(), distances.end()) - distances.begin() == val->label(i);
  }
  EXPECT_GE(correct, 99);
}

}  // namespace
}  // namespace vit
